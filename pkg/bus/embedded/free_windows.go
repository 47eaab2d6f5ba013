package embedded

import "golang.org/x/sys/windows"

// freeSpace is how many bytes we may still write in a folder.
func freeSpace(dir string) (bytes uint64, known bool) {
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, false
	}
	err = windows.GetDiskFreeSpaceEx(name, &bytes, nil, nil)
	return bytes, err == nil
}

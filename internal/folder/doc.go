// Package folder is about the files of a folder: which ones some patterns name, how they
// get into another folder, and what a command has made of a folder.
//
//	files, err := folder.Glob(dir, []string{"tasks.py", "lib/**"}) // what a definition holds
//	err = folder.Unpack(other, files, open)                        // anywhere else
//
//	before, left, err := folder.Copy(ctx, dir, copy, options) // where there are no overlays
//	changes, err := before.Compare()                          // what a command has changed in the copy
//	changes, err = folder.Changes(lower, upper, nil)          // the same for an overlay
//
// What is compared of a folder: paths, types, contents, the executable bit of the owner,
// targets of links. Never times, owners, other bits; nor sockets, pipes and devices, which are as if they
// were not there. Links are never followed, but by Glob inside of its folder.
//
// Contents are streamed: memory grows with the number of files alone.
package folder

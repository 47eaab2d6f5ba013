# Drifts: the system's number of the thread stands in each line of the log.
import threading


def work():
    print(f"[{threading.get_native_id()}] done")


thread = threading.Thread(target=work)
thread.start()
thread.join()

/* Preloaded into a server under test: each fsync takes SLOW_DISK_US microseconds longer, and fails
   with EIO while the file named by FAILING_DISK exists. Built by bench/disk.py. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int slowly(const char *name, int file) {
    const char *failing = getenv("FAILING_DISK");
    const char *slow = getenv("SLOW_DISK_US");
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    if (failing && access(failing, F_OK) == 0) {
        errno = EIO;
        return -1;
    }
    if (slow)
        usleep((useconds_t)atoi(slow));
    return real(file);
}

int fsync(int file) { return slowly("fsync", file); }
int fdatasync(int file) { return slowly("fdatasync", file); }

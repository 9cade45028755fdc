/*
 * Loaded before the C library (LD_PRELOAD): makes the disk under one folder full or broken on request, and
 * writes a journal of what was written, synced and renamed there, from which a power cut is worked out.
 *
 * FAULTS_FOLDER: the folder, without a slash at its end. FAULTS_CONTROL: a file of two bytes; the first not
 * zero: fsync fails with EIO, the second: there is no room. FAULTS_JOURNAL: lines of an operation and a path.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static volatile char *control;
static const char *folder;
static size_t folder_length;
static int journal = -1;

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static ssize_t (*real_pwrite)(int, const void *, size_t, off64_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_rename)(const char *, const char *);
static int (*real_mkdir)(const char *, mode_t);

/* Called again by a process that was forked and has got its own environment since. */
__attribute__((constructor)) void begin_faults(void) {
  const char *control_path = getenv("FAULTS_CONTROL"), *journal_path = getenv("FAULTS_JOURNAL");
  real_write = dlsym(RTLD_NEXT, "write");
  real_writev = dlsym(RTLD_NEXT, "writev");
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  real_rename = dlsym(RTLD_NEXT, "rename");
  real_mkdir = dlsym(RTLD_NEXT, "mkdir");
  folder = getenv("FAULTS_FOLDER");
  if (!folder || !control_path || !journal_path) {
    folder = NULL;
    return;
  }
  folder_length = strlen(folder);
  int file = open(control_path, O_RDONLY | O_CLOEXEC);
  if (file < 0) abort();
  control = mmap(NULL, 2, PROT_READ, MAP_SHARED, file, 0);
  close(file);
  journal = open(journal_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (control == MAP_FAILED || journal < 0) abort();
}

static int is_ours(const char *path) {
  return folder && strncmp(path, folder, folder_length) == 0 &&
         (path[folder_length] == '/' || !path[folder_length]);
}

static int path_of(int file, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return is_ours(path);
}

static void note(char what, const char *path, const char *second) {
  int kept = errno;
  char line[2 * PATH_MAX + 8];
  int length = snprintf(line, sizeof line, second ? "%c %s\t%s\n" : "%c %s\n", what, path, second);
  if (real_write(journal, line, length) != length) abort();
  errno = kept;
}

/* What begins to be written is noted beforehand; without room nothing is. */
static int refused(int file) {
  char path[PATH_MAX];
  if (!folder || file <= 2 || !path_of(file, path)) return 0;
  if (control[1]) {
    errno = ENOSPC;
    return 1;
  }
  note('W', path, NULL);
  return 0;
}

ssize_t write(int file, const void *data, size_t length) {
  return refused(file) ? -1 : real_write(file, data, length);
}

ssize_t writev(int file, const struct iovec *pieces, int count) {
  return refused(file) ? -1 : real_writev(file, pieces, count);
}

ssize_t pwrite64(int file, const void *data, size_t length, off64_t offset) {
  return refused(file) ? -1 : real_pwrite(file, data, length, offset);
}

ssize_t pwrite(int file, const void *data, size_t length, off_t offset) {
  return refused(file) ? -1 : real_pwrite(file, data, length, offset);
}

static int sync_with(int (*real)(int), int file) {
  char path[PATH_MAX];
  char thread[32];
  if (!folder || !path_of(file, path)) return real(file);
  if (control[0]) {
    note('F', path, NULL);
    errno = EIO;
    return -1;
  }
  /* A sync covers what came before it began, not what other threads do meanwhile. */
  snprintf(thread, sizeof thread, "%ld", (long)syscall(SYS_gettid));
  note('B', path, thread);
  int result = real(file);
  note(result == 0 ? 'S' : 'F', path, thread);
  return result;
}

int fsync(int file) { return sync_with(real_fsync, file); }

int fdatasync(int file) { return sync_with(real_fdatasync, file); }

int rename(const char *old, const char *new) {
  int result = real_rename(old, new);
  if (result == 0 && is_ours(new)) note('R', old, new);
  return result;
}

int mkdir(const char *path, mode_t mode) {
  int result = real_mkdir(path, mode);
  if (result == 0 && is_ours(path)) note('M', path, NULL);
  return result;
}

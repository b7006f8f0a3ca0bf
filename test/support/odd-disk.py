"""A file system over a folder that lacks what it is told to lack, as FAT, SMB, WSL mounts and others do.

python3 odd-disk.py FOLDER MOUNTPOINT [links] [modes] [folder-flush] [shared-memory] [case]
"""
import errno
import os
import sys

from mfusepy import FUSE, FuseOSError, Operations

FOLDER, MOUNTPOINT, *LACKS = sys.argv[1:]
STAT = ("st_atime", "st_ctime", "st_gid", "st_ino", "st_mode", "st_mtime", "st_nlink", "st_size", "st_uid")


def real(path):
    """Where a path of the mount is; with `case` lacking, names that differ in case only are one."""
    found = FOLDER
    for name in path.split("/")[1:]:
        if not name:
            continue
        here = os.path.join(found, name)
        if "case" in LACKS and not os.path.lexists(here) and os.path.isdir(found):
            same = [other for other in os.listdir(found) if other.lower() == name.lower()]
            here = os.path.join(found, same[0]) if same else here
        found = here
    return found


def refuse(what, code):
    if what in LACKS:
        raise FuseOSError(code)


class Disk(Operations):
    def getattr(self, path, fh=None):
        status = os.lstat(real(path))
        attributes = {name: getattr(status, name) for name in STAT}
        if "modes" in LACKS:
            attributes["st_mode"] = (status.st_mode & ~0o777) | 0o755
        return attributes

    def chmod(self, path, mode):
        refuse("modes", errno.EPERM)
        os.chmod(real(path), mode)

    def chown(self, path, uid, gid):
        refuse("modes", errno.EPERM)
        os.lchown(real(path), uid, gid)

    def link(self, target, source):
        refuse("links", errno.EPERM)
        os.link(real(source), real(target))

    def symlink(self, target, source):
        refuse("links", errno.EPERM)
        os.symlink(source, real(target))

    def readlink(self, path):
        return os.readlink(real(path))

    def readdir(self, path, fh):
        return [".", "..", *os.listdir(real(path))]

    def mkdir(self, path, mode):
        os.mkdir(real(path), mode)

    def rmdir(self, path):
        os.rmdir(real(path))

    def unlink(self, path):
        os.unlink(real(path))

    def rename(self, old, new):
        os.rename(real(old), real(new))

    def statfs(self, path):
        status = os.statvfs(real(path))
        names = ("f_bavail", "f_bfree", "f_blocks", "f_bsize", "f_favail", "f_ffree", "f_files", "f_frsize", "f_namemax")
        return {name: getattr(status, name) for name in names}

    def utimens(self, path, times=None):
        os.utime(real(path), times)

    def create(self, path, mode, fi=None):
        return os.open(real(path), os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)

    def open(self, path, flags):
        return os.open(real(path), flags & ~(os.O_APPEND | os.O_EXCL | os.O_CREAT))

    def read(self, path, size, offset, fh):
        return os.pread(fh, size, offset)

    def write(self, path, data, offset, fh):
        return os.pwrite(fh, data, offset)

    def truncate(self, path, length, fh=None):
        os.truncate(real(path), length)

    def flush(self, path, fh):
        return 0

    def fsync(self, path, datasync, fh):
        os.fsync(fh)

    def fsyncdir(self, path, datasync, fh):
        refuse("folder-flush", errno.EINVAL)

    def release(self, path, fh):
        os.close(fh)


# What is not cached by the kernel cannot be mapped by several processes.
uncached = {"direct_io": True} if "shared-memory" in LACKS else {}
FUSE(Disk(), MOUNTPOINT, foreground=True, nothreads=True, **uncached)

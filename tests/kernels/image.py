# SPDX-License-Identifier: GPL-2.0-or-later
"""The file system that a test kernel starts from: an initramfs of copies of this machine's own files,
each at the path it has here, so that what was built here runs there.

The programs are all of a few Debian packages; the libraries are what ldd(1) finds for them and for what
was built. Uncompressed: under emulation nothing is gained by unpacking.
"""
import os
import pathlib
import re
import stat
import subprocess

PYTHON = os.path.basename(os.path.realpath("/usr/bin/python3"))  # such as python3.11
PACKAGES = ("coreutils", "dash", "grep", "iproute2", "iputils-ping", "kmod", "mount", "netbase", "sed",
            "util-linux", "python3-minimal", "libpython3-stdlib", f"{PYTHON}-minimal",
            f"lib{PYTHON}-minimal", f"lib{PYTHON}-stdlib")
USELESS = re.compile(r"/share/(doc|man|locale|lintian|bash-completion|bug)/"
                     r"|/(lib2to3|idlelib|ensurepip|tkinter|pydoc_data|distutils|__pycache__)/"
                     r"|/(systemd|terminfo)/")
# What the tests need of a kernel's modules; the rest is drivers of hardware and file systems.
MODULES = re.compile(r"kernel/(arch|crypto|lib|net)/|kernel/drivers/net/(bonding/)?[^/]+$|modules\.")
FOLDERS = ("dev", "proc", "sys", "run", "tmp", "root", "mnt", "etc", "var/lib", "usr/bin", "usr/sbin",
           "usr/lib", "usr/lib64")
LINKS = {name: f"usr/{name}" for name in ("bin", "sbin", "lib", "lib64")}
FILES = {"etc/passwd": "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n",
         "etc/group": "root:x:0:\nnogroup:x:65534:\n", "etc/hosts": "127.0.0.1 localhost\n"}
CONFIGURED = ("/etc/services", "/etc/protocols", "/etc/iproute2", "/etc/ld.so.cache")


def package_files(names):
    """Paths of files and links of packages; folders left out."""
    listed = subprocess.run(["dpkg", "-L", *names], stdout=subprocess.PIPE, text=True, check=True).stdout
    for path in filter(os.path.lexists, listed.splitlines()):
        if not USELESS.search(path) and (os.path.islink(path) or os.path.isfile(path)):
            yield path


def files_below(folder, wanted=lambda path: True):
    for where, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in names:
            if wanted(os.path.join(where, name)):
                yield os.path.join(where, name)


def is_program(path):
    with open(path, "rb") as f:
        head = f.read(18)
    return head[:4] == b"\x7fELF" and head[16:18] in (b"\2\0", b"\3\0")  # ET_EXEC, ET_DYN


def libraries(paths):
    """Paths of the libraries that programs need, the loader among them."""
    found = set()
    programs = [path for path in paths if is_program(path)]
    for some in (programs[i:i + 100] for i in range(0, len(programs), 100)):
        printed = subprocess.run(["ldd", *some], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                 text=True, check=False).stdout  # "not a dynamic executable" is no error
        found |= set(re.findall(r"(/\S+) \(0x", printed))
    return found


class Archive:
    """A cpio archive in the "newc" form (Documentation/driver-api/early-userspace/buffer-format.rst)."""

    def __init__(self, path):
        self._file, self._names, self._inode = open(path, "wb"), set(), 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._entry("TRAILER!!!", 0, b"")
        self._file.close()

    def _pad(self):
        self._file.write(b"\0" * (-self._file.tell() % 4))

    def _entry(self, name, mode, data):
        self._inode += 1
        raw = name.encode() + b"\0"
        fields = (self._inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(raw), 0)
        self._file.write(b"070701" + b"".join(b"%08X" % field for field in fields) + raw)
        self._pad()
        self._file.write(data)
        self._pad()

    def folder(self, name):
        """With those above it."""
        if name and name not in self._names and name not in LINKS:
            self.folder(os.path.dirname(name))
            self._names.add(name)
            self._entry(name, stat.S_IFDIR | (0o1777 if name == "tmp" else 0o755), b"")

    def link(self, name, target):
        if name not in self._names:
            self.folder(os.path.dirname(name))
            self._names.add(name)
            self._entry(name, stat.S_IFLNK | 0o777, target.encode())

    def file(self, name, data, mode=0o644):
        if name not in self._names:
            self.folder(os.path.dirname(name))
            self._names.add(name)
            self._entry(name, stat.S_IFREG | mode, data)

    def copy(self, path):
        """A file of this machine, at its path; of a link, what it leads to as well."""
        folder, name = os.path.split(os.path.abspath(path))
        real = os.path.join(os.path.realpath(folder), name)
        if os.path.islink(real):
            self.link(real[1:], os.readlink(real))
            target = os.path.join(os.path.dirname(real), os.readlink(real))
            if os.path.isfile(target):
                self.copy(target)
        else:
            self.file(real[1:], pathlib.Path(real).read_bytes(), os.stat(real).st_mode & 0o777)


def make(path, kernel, paths, init):
    """Writes the initramfs for the kernel unpacked in the folder `kernel`: packages, `paths` (files
    and folders of this machine), their libraries, the kernel's modules, and /init."""
    wanted = [*package_files(PACKAGES), *filter(os.path.isfile, CONFIGURED),
              *files_below("/etc/iproute2")]
    for one in paths:
        wanted += files_below(one) if os.path.isdir(one) else [one]
    release = pathlib.Path(kernel, "release").read_text(encoding="ascii").strip()
    modules = os.path.join(kernel, "modules")
    with Archive(path) as archive:
        for folder in FOLDERS:
            archive.folder(folder)
        for name, target in LINKS.items():
            archive.link(name, target)
        for name, text in FILES.items():
            archive.file(name, text.encode())
        archive.file("init", init.encode(), 0o755)
        for one in [*wanted, *libraries(filter(os.path.isfile, wanted))]:
            archive.copy(one)
        for one in files_below(modules, MODULES.search):
            archive.file(f"usr/lib/modules/{release}/{os.path.relpath(one, modules)}",
                         pathlib.Path(one).read_bytes())

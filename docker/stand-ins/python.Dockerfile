# Stands in for python:3.10-slim-bookworm: this machine's CPython 3.10 on a root file system of Debian's packages.
ARG SYSTEM_IMAGE
FROM ${SYSTEM_IMAGE}
ENV LANG=C.UTF-8 PATH=/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin
RUN ldconfig && python3 -c 'import bz2, ctypes, hashlib, lzma, readline, sqlite3, ssl, uuid, zlib'
CMD ["python3"]

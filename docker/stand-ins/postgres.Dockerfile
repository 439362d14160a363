# Stands in for postgres:15: Debian 12's PostgreSQL 15 behind an entrypoint with the official image's variables.
ARG SYSTEM_IMAGE
FROM ${SYSTEM_IMAGE}
ENV LANG=C.UTF-8 PGDATA=/var/lib/postgresql/data \
    PATH=/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/bin:/usr/sbin:/bin:/sbin
VOLUME /var/lib/postgresql/data
EXPOSE 5432
STOPSIGNAL SIGINT
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]

#!/bin/sh
# Makes the images of services.clnrm.toml of the programs that this machine has;
# on Debian: apt-get install postgresql redis-server
set -eu
bin=$(echo /usr/lib/postgresql/*/bin)
clnrm images from-host example/postgres sh cat id \
	"$bin/postgres" "$bin/initdb" "$bin/psql" "$bin/pg_isready" \
	"${bin%/bin}/lib" "$(echo /usr/share/postgresql/[0-9]*)" /usr/share/zoneinfo \
	/usr/lib/locale/C.utf8
clnrm images from-host example/redis redis-server redis-cli

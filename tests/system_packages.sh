#!/bin/sh
# Installs the Debian packages that the tests need and that are missing: a browser, the letters that it prints with,
# an MQTT broker, and Java with Maven for Kafka.
set -eu
packages=""
command -v chromium >/dev/null || packages="$packages chromium"
[ -d /usr/share/fonts/truetype/liberation ] || packages="$packages fonts-liberation"
[ -x /usr/sbin/mosquitto ] || packages="$packages mosquitto"
command -v java >/dev/null || packages="$packages default-jre-headless"
command -v mvn >/dev/null || packages="$packages maven"
[ -n "$packages" ] || exit 0
if [ "$(id -u)" = 0 ]; then root=""; elif sudo -n true 2>/dev/null; then root="sudo"; else
    echo "The tests need these packages. As root: apt-get install$packages" >&2
    exit 1
fi
echo "Installing$packages ..."
export DEBIAN_FRONTEND=noninteractive
$root apt-get update -qq
# shellcheck disable=SC2086  # a list of words
$root apt-get install -y -qq --no-install-recommends $packages >/dev/null

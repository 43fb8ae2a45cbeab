#!/bin/sh
# /sbin/sunup-bring-up: brings the network up and leaves how that went in /tmp/sunup.code.

echo $$ > /tmp/sunup.pid
sunup up --dracut
echo $? > /tmp/sunup.code.new
mv /tmp/sunup.code.new /tmp/sunup.code

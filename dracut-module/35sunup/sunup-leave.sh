#!/bin/sh
# Sourced when the image is left: what was there for the boot only (rd.sunup.exit=flush) is taken down; all else stays for the real
# root.

sunup down --flush

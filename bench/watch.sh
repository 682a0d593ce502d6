#!/bin/sh
# From the save of a file to its record, how long the start takes, what it holds.
PATH=$BIN:$PATH exec perl "${0%/*}/loop.pl" watch

#!/bin/sh
# From the save of a test to its verdict on the terminal, in the warm pipe.
PATH=$BIN:$PATH exec perl "${0%/*}/loop.pl" dev

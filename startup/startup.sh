#!/bin/sh
# MWAA runs this on each component before it installs the requirements. What it exports, tasks see.
export EXAMPLE_STAGE="development"

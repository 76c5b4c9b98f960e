#!/usr/bin/env bash
# Makes docs/_static/fonts/STIXTwoMath-subset.woff2 from STIXTwoMath-Regular.otf of STIX Two 2.13
# (https://github.com/stipub/stixfonts): the letters and symbols of formulas, with all sizes of brackets.
# It needs fonttools and brotli.
set -euo pipefail
python -m fontTools.subset "$1" --flavor=woff2 --no-hinting --name-IDs='*' \
  --output-file="$(dirname "$0")/../_static/fonts/STIXTwoMath-subset.woff2" \
  --layout-features=ccmp,ssty,dtls,flac,mark,mkmk,kern \
  --unicodes="20-7E,A0-FF,2B0-2DD,300-338,370-3FF,2000-206F,2070-209F,20D0-20F0,2100-214F,2190-21FF,\
2200-22FF,2308-230B,239B-23B3,23DC-23E1,25A0-25FF,27E6-27EF,27F5-27FF,2A00-2A0C,2A7D-2A7E,2AAF-2AB0,\
1D400-1D467,1D49C-1D4CF,1D538-1D56B,1D6A4-1D755"

#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
# Runs the lints on a tree with planted violations and compares what they say with expected.txt: run.sh SCRATCH_FOLDER
set -euo pipefail
export LC_ALL=C.UTF-8
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
scripts=$here/../../scripts
tree=$1
rm -rf "$tree"
cp -R "$here/planted" "$tree"

# What cannot be kept in this source tree, which is checked by the same rules.
licence='// SPDX-License-Identifier: BSL-1.0'
{ echo "$licence"; for ((i = 2; i <= 61; i++)); do echo "// line $i"; done; } >"$tree/examples/long.cpp"
{ echo "$licence"; for ((i = 2; i <= 501; i++)); do echo "// line $i"; done; } >"$tree/src/cli/long.cpp"
printf 'see /%s/main and ../%s/notes\n' work shared >"$tree/docs/paths.md"

status=0
"$scripts/lint" "$tree" >"$tree.lint" 2>/dev/null && { echo "scripts/lint is content with the planted tree"; status=1; }
"$scripts/check-docs" "$tree" >"$tree.docs" && { echo "scripts/check-docs is content with the planted tree"; status=1; }
cat "$tree.lint" "$tree.docs" | diff -u "$here/expected.txt" - || status=1
exit $status

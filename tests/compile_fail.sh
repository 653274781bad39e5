#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
# Passes when a source file is rejected by the compiler with the sentence that the file expects:
#   compile_fail.sh FILE COMPILER [FLAG…]
# The file says what it expects in lines "// expects: TEXT"; each TEXT must be in the compiler's output, literally.
set -uo pipefail
file=$1
shift
mapfile -t expected < <(sed -n 's|^// expects: *||p' "$file")
if [[ ${#expected[@]} -eq 0 ]]; then
    echo "$file:1: no line '// expects: TEXT' – say which words of the error the user must see"
    exit 1
fi
if output=$(LC_ALL=C "$@" "$file" 2>&1); then
    echo "$file:1: this compiles, but must be rejected"
    exit 1
fi
for text in "${expected[@]}"; do
    if ! grep -qF -- "$text" <<<"$output"; then
        printf '%s:1: rejected, but without saying: %s\n%s\n' "$file" "$text" "$(head -n 40 <<<"$output")"
        exit 1
    fi
done

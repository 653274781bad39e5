# SPDX-License-Identifier: BSL-1.0
# The rules of scripts/lint, for any POSIX awk. Input: files of a source tree, named relative to its top. A violation is
# printed as "file:line: what – what to do". Comments and the text in string literals do not count.

BEGIN {
    count = split("rt policy sync task io process http mpi check sched watch cli", order, " ")
    for (i = 1; i <= count; i++) rank[order[i]] = i

    # The first folder of a library's headers, and the lowest layer that may use it.
    lowest["cereal"] = "process"
    lowest["openssl"] = lowest["ares.h"] = "io"
    lowest["boost"] = lowest["fmt"] = lowest["nlohmann"] = lowest["CLI"] = "http"

    # Whatever waits, reads a clock, starts a thread or draws entropy is the business of rt/.
    b = "[^A-Za-z0-9_]"
    ban(b "std::(recursive_|timed_|recursive_timed_|shared_|shared_timed_)?mutex" b, "a mutex of std", "use heddle::mutex")
    ban(b "std::condition_variable(_any)?" b, "std::condition_variable", "use heddle's primitives or rt's parking lot")
    ban(b "std::j?thread" b, "std::thread", "use rt::os_thread, rt::cpu_count() or a primitive of heddle")
    ban(b "std::(counting_semaphore|binary_semaphore|latch|barrier)" b, "a waiting primitive of std", "use that of heddle")
    ban(b "std::(async|future|promise|packaged_task)" b, "a future of std", "use heddle::future")
    ban("std::this_thread::", "std::this_thread", "use rt::sleep_until(), rt::sleep_for() or the current task")
    ban("_clock::now" b, "a clock is read", "use rt::clock::now()")
    ban(b "(clock_gettime|gettimeofday|timespec_get)" b, "a clock is read", "use rt::clock::now()")
    ban(b "(nanosleep|clock_nanosleep|usleep)" b, "a sleep", "use rt::sleep_until() or rt::sleep_for()")
    ban("futex|FUTEX_", "a raw futex", "use rt's parking lot")
    ban(b "std::atomic(_flag)?_(wait|notify)", "an atomic wait", "use rt's parking lot")
    ban(b "(epoll_p?wait2?|ppoll|pselect|epoll_create1?)" b, "a poll of its own", "use rt's poller")
    ban("[^A-Za-z0-9_>]::(poll|select)[ ]*[(]", "a poll of its own", "use rt's poller")
    ban("#[ ]*include[ ]*<(poll|sys/poll|sys/select|sys/epoll)[.]h>", "a poll of its own", "use rt's poller")
    ban(b "(pthread_(create|mutex_|cond_|rwlock_|barrier_)|sem_(timed)?wait)", "a primitive of POSIX", "use that of heddle")
    ban(b "(std::random_device|getrandom|getentropy)" b, "entropy is drawn", "use rt::entropy()")
}

function ban(pattern, what, advice) {
    bans++
    ban_pattern[bans] = pattern
    ban_text[bans] = what " outside rt/ – " advice
}

function report(line, text) {
    printf "%s:%d: %s\n", FILENAME_, line, text
    failed = 1
}

function finish_file() {
    if (FILENAME_ == "") return
    if (want_spdx && !seen_spdx) report(1, "no licence – begin with the comment SPDX-License-Identifier: BSL-1.0")
    if (FILENAME_ ~ /[.]hpp$/ && !seen_once) report(1, "no #pragma once – write it below the licence")
    if (FILENAME_ ~ /^examples\// && lines > 60) report(61, "an example of " lines " lines – show less, in at most 60")
    if (is_source && lines > 500) printf "%s:501: warning: %d lines – split it: this is two ideas\n", FILENAME_, lines
}

function start_file(    parts) {
    FILENAME_ = FILENAME
    sub(/^[.]\//, "", FILENAME_)
    seen_spdx = seen_once = in_comment = in_raw = 0
    split("", atomics)
    is_source = FILENAME_ ~ /[.](hpp|cpp|h|c|S)$/
    want_spdx = is_source || FILENAME_ ~ /(CMakeLists.txt|Makefile|[.](cmake|sh|awk|py|cmake[.]in|cpp[.]in))$/ ||
        FILENAME_ ~ /^(scripts|[.]ci)\//
    layer = ""
    runtime = FILENAME_ ~ /^src\/check\/(runtime\/|channel[.]hpp)/
    public = FILENAME_ ~ /^include\/heddle\//
    if (is_source && public && split(FILENAME_, parts, "/") > 3) layer = parts[3]
    if (is_source && FILENAME_ ~ /^src\//) {
        split(FILENAME_, parts, "/")
        layer = parts[2]
    }
    if (layer != "" && !(layer in rank)) {
        report(1, "'" layer "' is not a layer – see docs/design.md, or add it to scripts/lint.awk")
        layer = ""
    }
}

# The line without comments and without the text of its literals.
function code_of(line,    end, name) {
    if (in_raw) {
        end = index(line, raw_end)
        if (!end) return ""
        line = substr(line, end + length(raw_end))
        in_raw = 0
    }
    if (in_comment) {
        end = index(line, "*/")
        if (!end) return ""
        line = substr(line, end + 2)
        in_comment = 0
    }
    if (match(line, /R"[A-Za-z_]*[(]/) && substr(line, 1, RSTART - 1) !~ /\/\//) {
        name = substr(line, RSTART + 2, RLENGTH - 3)
        raw_end = ")" name "\""
        end = index(substr(line, RSTART), raw_end)
        if (!end) {
            in_raw = 1
            line = substr(line, 1, RSTART - 1)
        } else {
            line = substr(line, 1, RSTART - 1) substr(line, RSTART + end - 1 + length(raw_end))
        }
    }
    if (line !~ /^[ ]*#[ ]*include/) gsub(/"([^"\\]|\\.)*"/, "\"\"", line)
    gsub(/\/\*([^*]|\*+[^*\/])*\*+\//, " ", line)
    sub(/\/\/.*/, "", line)
    if (match(line, /\/\*/)) {
        in_comment = 1
        line = substr(line, 1, RSTART - 1)
    }
    return line
}

function check_include(line,    path, parts, first) {
    path = line
    sub(/^[ ]*#[ ]*include[ ]*[<"]/, "", path)
    sub(/[>"].*$/, "", path)
    if (path == "heddle/heddle.hpp") {
        if (layer != "cli") report(FNR, "the header of everything is included – include the headers that are used")
        return
    }
    while (sub(/^[.][.]?\//, "", path)) {}
    if (public && path !~ /^heddle\//) {
        split(path, parts, "/")
        if (parts[1] in rank) report(FNR, "a public header includes <" path ">, which is not installed – move what it needs")
    }
    # The policies are pure, and only headers.
    if (runtime && path ~ /^heddle\// && path !~ /^heddle\/policy\//)
        report(FNR, "the checker's runtime includes <" path "> – it is loaded into programs that know nothing of heddle: do without")
    sub(/^heddle\//, "", path)
    split(path, parts, "/")
    first = parts[1]
    if (first in rank && rank[first] > rank[layer])
        report(FNR, layer "/ includes " path ", which is above it – an include goes down: move the code or turn the call around")
    if (first in lowest && rank[layer] < rank[lowest[first]])
        report(FNR, layer "/ includes " path " – this library may be used from " lowest[first] "/ upwards")
}

function check_layer(line,    padded, i, name, rest) {
    if (line ~ /^[ ]*#[ ]*include/) check_include(line)
    # rt/ is where heddle waits; the checker's runtime replaces the functions by which programs wait.
    if (layer == "rt" || runtime) return
    padded = " " line " "
    if (padded ~ /std::|_clock|futex|FUTEX|poll|select|sleep|wait|get|pthread_/) {
        # Where results of other libraries come in.
        for (i = 1; i <= bans; i++)
            if (padded ~ ban_pattern[i] && !(FILENAME_ ~ /task\/adopt[.]hpp$/ && ban_text[i] ~ /^a future of std/))
                report(FNR, ban_text[i])
    }
    # A member wait() is only wrong for an atomic: remember the names that this file declares as such.
    rest = line
    while (match(rest, /std::atomic(_flag|_ref)?[ <][^;=({]*[ >&*][A-Za-z_][A-Za-z0-9_]*[ ]*([;={(]|$)/)) {
        name = substr(rest, RSTART, RLENGTH)
        rest = substr(rest, RSTART + RLENGTH)
        sub(/[ ]*[;={(]?$/, "", name)
        sub(/^.*[^A-Za-z0-9_]/, "", name)
        atomics[name] = 1
    }
    rest = line
    while (match(rest, /[A-Za-z_][A-Za-z0-9_]*([.]|->)(wait|notify_one|notify_all)[ ]*[(]/)) {
        name = substr(rest, RSTART, RLENGTH)
        rest = substr(rest, RSTART + RLENGTH)
        sub(/([.]|->).*/, "", name)
        if (name in atomics) report(FNR, "an atomic wait outside rt/ – use rt's parking lot")
    }
}

FNR == 1 {
    finish_file()
    start_file()
}

{
    lines = FNR
    if (is_source ? FNR == 1 && $0 == "// SPDX-License-Identifier: BSL-1.0" : FNR <= 3 && /^(#|\/\/) SPDX-License-Identifier: BSL-1.0$/)
        seen_spdx = 1
    if (/^#pragma once$/) seen_once = 1
    if (/(^|[^A-Za-z0-9_.])\/wor[k]\// || /[.][.]\/share[d]([^A-Za-z0-9_]|$)/)
        report(FNR, "a path of one machine – name nothing outside this source tree")
    if (layer != "") check_layer(code_of($0))
}

END {
    finish_file()
    exit failed
}

// SPDX-License-Identifier: BSL-1.0
#include "workload.hpp"

#include "../usage_error.hpp"
#include "files.hpp"
#include "interrupt.hpp"
#include "read_file.hpp"
#include "url.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <chrono>
#include <heddle/io/endpoint.hpp>
#include <heddle/io/event_loop.hpp>
#include <heddle/io/sleep.hpp>
#include <heddle/rt/error.hpp>

namespace heddle::inline v0::cli {

namespace {

constexpr std::uint64_t items_wanted = 128;  // enough to balance between workers and to see latencies

std::uint64_t in_microseconds(double ms) {
    return static_cast<std::uint64_t>(ms * 1000);
}

// Reads everything once, so that the first run does not pay for the disk and the others find the files in
// memory.
void warm_up(const found_files& found) {
    constexpr std::uint64_t most = std::uint64_t{4} << 30;
    if (found.bytes > most) return;
    for (const auto& f : found.files) {
        if (interrupted()) return;
        read_file(f.path, [](std::string_view) { return true; });
    }
}

workload of_files(const compare_options& o, work_kind kind) {
    workload w;
    const found_files found = find_files(o.directory);
    warm_up(found);
    const std::uint64_t size = std::clamp<std::uint64_t>(found.bytes / items_wanted, std::uint64_t{16} << 10,
                                                         std::uint64_t{8} << 20);
    for (auto& group : group_files(found.files, size)) {
        item i;
        i.kind = kind;
        i.files = std::move(group);
        w.items.push_back(std::move(i));
    }
    w.problems = found.problems;
    w.unit = "MB";
    w.title = fmt::format("{} files of {}, {:.1f} MB", found.files.size(), o.directory,
                          static_cast<double>(found.bytes) / 1e6);
    return w;
}

// The numbers below n, in pieces of the same length.
std::vector<item> of_numbers(work_kind kind, std::uint64_t n, std::uint64_t pieces) {
    std::vector<item> items;
    pieces = std::clamp<std::uint64_t>(pieces, 1, n);
    for (std::uint64_t p = 0; p < pieces; ++p) {
        item i;
        i.kind = kind;
        i.from = n / pieces * p + std::min(p, n % pieces);
        i.to = n / pieces * (p + 1) + std::min(p + 1, n % pieces);
        items.push_back(std::move(i));
    }
    return items;
}

std::vector<item> of_sleeps(std::uint64_t n, std::uint64_t wait_us) {
    item i;
    i.kind = work_kind::sleep;
    i.wait_us = wait_us;
    return std::vector<item>(n, i);
}

// A server that hangs is waited for until the timeout, but ^C ends the wait.
task<partial_answer> fetch_unless_interrupted(const item& i) {
    partial_answer a;
    const future<void> fetched = spawn(fetch_async(i, a));
    while (!fetched.done()) {
        if (interrupted()) fetched.request_stop();
        co_await sleep(std::chrono::milliseconds(5));
    }
    if (interrupted()) throw interrupted_error();
    co_return a;
}

workload of_fetches(const compare_options& o) {
    workload w;
    w.waits = true;
    w.unit = "requests";
    const std::uint64_t n = o.count != 0 ? o.count : 200;
    item i;
    i.kind = work_kind::fetch;
    i.wait_us = in_microseconds(o.timeout_s * 1000);
    if (o.url.empty()) {
        const double latency = o.latency_ms >= 0 ? o.latency_ms : 20;
        w.server = std::make_shared<http_server>(std::chrono::microseconds(in_microseconds(latency)));
        i.address = w.server->where().address;
        i.host = to_string(w.server->where());
        i.port = w.server->where().port;
        i.path = "/";
        w.title = fmt::format("{} requests to a server on loopback that answers after {} ms", n, latency);
    } else {
        const url u = parse_url(o.url);
        i.address = resolve(u.host, u.port).front().address;
        i.host = u.authority();
        i.port = u.port;
        i.path = u.path;
        w.title = fmt::format("{} requests to {}", n, o.url);
        // One beforehand: a server that refuses or hangs is said at once and not after a table of zeroes.
        const partial_answer first = run(fetch_unless_interrupted(i));
        if (!first.problems.empty()) throw error(first.problems.front() + "; is the server running?");
    }
    w.items.assign(n, i);
    return w;
}

workload mixed(const compare_options& o) {
    workload w;
    w.waits = true;
    w.unit = "items";
    const std::uint64_t n = o.count != 0 ? o.count : 100;
    const double latency = o.latency_ms >= 0 ? o.latency_ms : 10;
    // As much computing as waiting, in turn.
    const auto compute = of_numbers(work_kind::squares, n * 4'000'000, n);
    const auto wait = of_sleeps(n, in_microseconds(latency));
    for (std::size_t k = 0; k < n; ++k) w.items.push_back(k % 2 == 0 ? compute[k] : wait[k]);
    w.title = fmt::format("{} items that compute and sleep {} ms in turn", n, latency);
    return w;
}

}  // namespace

workload make_workload(const compare_options& o) {
    workload w;
    if (o.workload == "words") {
        w = of_files(o, work_kind::words);
    } else if (o.workload == "hash") {
        w = of_files(o, work_kind::hash);
    } else if (o.workload == "primes") {
        const std::uint64_t n = o.count != 0 ? o.count : 3'000'000;
        w.items = of_numbers(work_kind::primes, n, items_wanted);
        w.title = fmt::format("the primes below {}", n);
        w.unit = "numbers";
    } else if (o.workload == "squares") {
        const std::uint64_t n = o.count != 0 ? o.count : 500'000'000;
        w.items = of_numbers(work_kind::squares, n, items_wanted);
        w.title = fmt::format("the squares below {}", n);
        w.unit = "numbers";
    } else if (o.workload == "sleep") {
        const std::uint64_t n = o.count != 0 ? o.count : 100;
        const double latency = o.latency_ms >= 0 ? o.latency_ms : 10;
        w.items = of_sleeps(n, in_microseconds(latency));
        w.waits = true;
        w.title = fmt::format("{} sleeps of {} ms", n, latency);
        w.unit = "sleeps";
    } else if (o.workload == "fetch") {
        w = of_fetches(o);
    } else if (o.workload == "mixed") {
        w = mixed(o);
    } else {
        throw usage_error("unknown workload '" + o.workload +
                          "'; there are words, hash, primes, squares, sleep, fetch and mixed");
    }
    w.name = o.workload;
    w.title = fmt::format("{}: {}, in {} items", w.name, w.title, w.items.size());
    return w;
}

}  // namespace heddle::inline v0::cli

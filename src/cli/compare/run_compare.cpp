// SPDX-License-Identifier: BSL-1.0
#include "../usage_error.hpp"
#include "compare.hpp"
#include "interrupt.hpp"
#include "progress.hpp"
#include "report.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

namespace heddle::inline v0::cli {

namespace {

using file = std::unique_ptr<std::FILE, decltype(&std::fclose)>;

// Opened before anything is measured: minutes of work must not end in "no such directory".
file open_page(const std::string& path) {
    file f(std::fopen(path.c_str(), "w"), &std::fclose);
    if (!f)
        throw usage_error("cannot write " + path + ": " + std::strerror(errno) +
                          "; give --html a file that you may write");
    return f;
}

bool write_all(std::FILE* f, const std::string& text) {
    return std::fwrite(text.data(), 1, text.size(), f) == text.size() && std::fflush(f) == 0;
}

}  // namespace

int run_compare(const compare_options& options) {
    watch_for_interrupts();
    file page(nullptr, &std::fclose);
    if (!options.html.empty()) page = open_page(options.html);
    const workload w = make_workload(options);
    const comparison c = compare(options, w);
    const std::optional<verdict> v = judge(c);
    std::optional<calibration> costs;
    if (options.explain) costs = calibrate();

    std::string out;
    if (options.json) {
        out = json_report(c, v, costs);
    } else {
        out = text_report(c, v);
        if (options.timeline) out += "\n" + timeline(c, columns(STDOUT_FILENO));
        if (costs) out += "\n" + explanation(c, *costs);
    }
    if (!write_all(stdout, out))
        throw std::runtime_error(std::string("cannot write the report: ") + std::strerror(errno));
    if (page && (!write_all(page.get(), html_report(c, v, costs)) || std::fclose(page.release()) != 0))
        throw std::runtime_error("cannot write " + options.html + ": " + std::strerror(errno));

    const run_report* const any = c.any_run();
    const bool nothing_fetched = c.name == "fetch" && any != nullptr && any->number == 0;
    if (nothing_fetched) std::fputs("heddle: not one request was answered; is the server running?\n", stderr);
    bool failed = !c.same_answer || !v || nothing_fetched;
    for (const auto& m : c.models) failed = failed || !m.failures.empty();
    if (!c.same_answer)
        std::fputs("heddle: the models do not give the same answer; this is an error in heddle\n", stderr);
    if (options.json)
        for (const auto& p : c.problems) std::fprintf(stderr, "heddle: %s\n", p.c_str());
    return failed ? 1 : 0;
}

}  // namespace heddle::inline v0::cli

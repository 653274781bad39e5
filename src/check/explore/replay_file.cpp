// SPDX-License-Identifier: BSL-1.0
#include "replay_file.hpp"

#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <heddle/rt/error.hpp>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <system_error>

namespace heddle::inline v0::check {

namespace {

constexpr int format = 2;

// As the shell finds it.
std::string path_of(const std::string& program) {
    if (program.find('/') != std::string::npos) return program;
    const char* const path = ::getenv("PATH");
    std::istringstream folders(path != nullptr ? path : "");
    for (std::string folder; std::getline(folders, folder, ':');)
        if (const std::string candidate = folder + "/" + program; ::access(candidate.c_str(), X_OK) == 0)
            return candidate;
    return program;
}

failure_kind kind_named(const std::string& name) {
    for (int k = 0; k <= static_cast<int>(failure_kind::hang); ++k)
        if (name == name_of(static_cast<failure_kind>(k))) return static_cast<failure_kind>(k);
    throw std::invalid_argument("unknown kind of failure: " + name);
}

// Any bytes as a text that JSON can hold: each is the character of its number.
std::string to_unicode(const std::string& bytes) {
    std::string text;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80) {
            text += c;
        } else {
            text += static_cast<char>(0xC0 | byte >> 6);
            text += static_cast<char>(0x80 | (byte & 0x3F));
        }
    }
    return text;
}

std::string from_unicode(const std::string& text) {
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto lead = static_cast<unsigned char>(text[i]);
        if (lead < 0x80) {
            bytes += text[i];
            continue;
        }
        if ((lead & 0xFC) != 0xC0 || ++i == text.size()) throw std::invalid_argument("not written by us");
        bytes += static_cast<char>((lead & 0x03) << 6 | (static_cast<unsigned char>(text[i]) & 0x3F));
    }
    return bytes;
}

}  // namespace

std::string hash_of_program(const std::string& program) {
    std::ifstream in(path_of(program), std::ios::binary);
    if (!in) return {};
    // FNV-1a: it only has to notice that the program was built anew.
    std::uint64_t h = 0xCBF29CE484222325u;
    for (std::istreambuf_iterator<char> at(in), end; at != end; ++at)
        h = (h ^ static_cast<unsigned char>(*at)) * 0x100000001B3u;
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(h));
    return text;
}

replay make_replay(const finding& f, const schedule_server& server, const std::vector<std::string>& command) {
    replay r{.command = command,
             .program_hash = hash_of_program(command.front()),
             .kind = f.kind,
             .message = f.message,
             .hash = f.shown.outcome.hash,
             .asked = f.shown.asked,
             .switches = switches_of(f.shown),
             .hot = {},
             .expected_output = server.expected_output()};
    for (const std::uint64_t pc : server.shared().hot)
        if (pc != 0) r.hot.push_back(pc);
    return r;
}

void write_replay(const std::string& file, const replay& r) {
    nlohmann::json j;
    j["format"] = format;
    j["command"] = r.command;
    j["program_hash"] = r.program_hash;
    j["kind"] = name_of(r.kind);
    j["message"] = r.message;
    j["schedule_hash"] = r.hash;
    j["orders"] = {{"seed", r.asked.seed},       {"max_steps", r.asked.max_steps},
                   {"near_ns", r.asked.near_ns}, {"step_ns", r.asked.step_ns},
                   {"workers", r.asked.workers}, {"flags", r.asked.flags & ~order_stacks},
                   {"spares", r.asked.spares},   {"outside_ns", r.asked.outside_ns}};
    auto& switches = j["switches"] = nlohmann::json::array();
    for (const guide_switch& s : r.switches) switches.push_back({s.thread, s.step, s.next, s.chosen});
    j["hot"] = r.hot;
    if (r.expected_output) j["expected_output"] = to_unicode(*r.expected_output);
    // Complete or not at all: a full disk must not leave half a file behind under this name. What is not a
    // file, such as /dev/null or a link, is written to as it is: a new file must never take its place.
    std::error_code error;
    const auto kind = std::filesystem::symlink_status(file, error).type();
    const bool in_place = kind != std::filesystem::file_type::regular &&
                          kind != std::filesystem::file_type::not_found &&
                          kind != std::filesystem::file_type::none;
    const std::string partial = in_place ? file : file + ".partial";
    errno = 0;
    std::ofstream out(partial);
    if (out) out << j.dump(1) << '\n';
    out.close();
    error.clear();
    if (!out)
        error = std::error_code(errno != 0 ? errno : EIO, std::generic_category());
    else if (!in_place)
        std::filesystem::rename(partial, file, error);
    if (!error) return;
    std::error_code ignored;
    if (!in_place) std::filesystem::remove(partial, ignored);
    throw heddle::error("the replay file " + file + " cannot be written (" + error.message() +
                        "); name another place with --replay-file");
}

replay read_replay(const std::string& file) {
    errno = 0;
    std::ifstream in(file);
    if (in && std::filesystem::is_directory(file)) errno = EISDIR;
    if (!in || errno == EISDIR)
        throw heddle::error("the replay file " + file + " cannot be read (" + std::strerror(errno) +
                            "); heddle check writes one when a schedule fails");
    try {
        const nlohmann::json j = nlohmann::json::parse(in);
        if (j.at("format") != format)
            throw error(file + " was written by another version of heddle; find the failure again");
        replay r;
        r.command = j.at("command").get<std::vector<std::string>>();
        if (r.command.empty()) throw std::invalid_argument("no command");
        r.program_hash = j.at("program_hash");
        r.kind = kind_named(j.at("kind"));
        r.message = j.at("message");
        r.hash = j.at("schedule_hash");
        const auto& o = j.at("orders");
        r.asked.seed = o.at("seed");
        r.asked.max_steps = o.at("max_steps");
        r.asked.near_ns = o.at("near_ns");
        r.asked.step_ns = o.at("step_ns");
        r.asked.workers = o.at("workers");
        r.asked.flags = o.at("flags");
        r.asked.spares = o.at("spares");
        r.asked.outside_ns = o.at("outside_ns");
        for (const auto& s : j.at("switches"))
            r.switches.push_back({.thread = s.at(0), .next = s.at(2), .step = s.at(1), .chosen = s.at(3)});
        if (j.contains("expected_output")) r.expected_output = from_unicode(j.at("expected_output"));
        r.hot = j.at("hot").get<std::vector<std::uint64_t>>();
        if (r.switches.size() > max_guide / 8 || r.hot.size() >= max_hot)
            throw std::invalid_argument("too long");
        return r;
    } catch (const nlohmann::json::exception&) {
        throw error(file + " is not a replay file, or a damaged one; find the failure again");
    } catch (const std::invalid_argument&) {
        throw error(file + " is not a replay file, or a damaged one; find the failure again");
    }
}

}  // namespace heddle::inline v0::check

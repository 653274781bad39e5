// SPDX-License-Identifier: BSL-1.0
// heddle c++ and heddle cc: the system's compiler, with its instrumentation for threads switched on and the
// checker's runtime in place of ThreadSanitizer's.

#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "../verbs.hpp"
#include "runtime_path.hpp"

namespace heddle::inline v0::cli {

namespace {

// Set for what is called from here: a compiler that finds it is one that leads back to us.
constexpr char called_variable[] = "HEDDLE_COMPILER_CALLED";

const char* value_of(const char* variable) {
    const char* const value = ::getenv(variable);
    return value != nullptr && *value != 0 ? value : nullptr;
}

// What CXX holds may have arguments: "ccache g++".
std::vector<std::string> words_of(const std::string& text) {
    std::istringstream in(text);
    return {std::istream_iterator<std::string>(in), {}};
}

// As the shell finds it; empty if it is nowhere.
std::filesystem::path find_program(const std::string& name) {
    if (name.find('/') != std::string::npos) return name;
    const char* const path = ::getenv("PATH");
    std::istringstream folders(path != nullptr ? path : "");
    for (std::string folder; std::getline(folders, folder, ':');)
        if (const std::string candidate = folder + "/" + name; ::access(candidate.c_str(), X_OK) == 0)
            return candidate;
    return {};
}

bool is_this_program(const std::string& name) {
    std::error_code ignored;
    return std::filesystem::equivalent(find_program(name), "/proc/self/exe", ignored);
}

// `make CXX="heddle c++"` puts CXX into our own environment: then it does not say which compiler is meant.
std::vector<std::string> compiler_for(std::string_view verb) {
    const bool c = verb == "cc";
    const char* chosen = value_of(c ? "HEDDLE_CC" : "HEDDLE_CXX");
    if (chosen == nullptr && value_of(called_variable) == nullptr) chosen = value_of(c ? "CC" : "CXX");
    if (chosen != nullptr)
        if (std::vector<std::string> words = words_of(chosen); !words.empty() && !is_this_program(words[0]))
            return words;
    return {c ? "cc" : "c++"};
}

std::string quoted(const std::string& word) {
    std::string text = "'";
    for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return text + "'";
}

bool is_clang(const std::vector<std::string>& compiler) {
    std::string command;
    for (const std::string& word : compiler) command += quoted(word) + " ";
    std::FILE* const out = ::popen((command + "--version 2>/dev/null").c_str(), "r");
    if (out == nullptr) return false;
    char line[256] = {};
    const bool clang = std::fgets(line, sizeof line, out) != nullptr && std::strstr(line, "clang") != nullptr;
    ::pclose(out);
    return clang;
}

struct command_line {
    bool links = true;
    bool compiles = false;  // there is a source file
    bool debug = false;
    bool is_static = false;
};

command_line look_at(int argc, char** argv) {
    command_line c;
    for (int i = 1; i < argc; ++i) {
        const std::string_view a = argv[i];
        if (a == "-c" || a == "-S" || a == "-E" || a == "-fsyntax-only" || a == "-M" || a == "-MM")
            c.links = false;
        if (a.starts_with("-g") && a != "-g0") c.debug = true;
        if (a == "-static") c.is_static = true;
        const std::string extension = std::filesystem::path(a).extension();
        for (const char* const source : {".c", ".cc", ".cpp", ".cxx", ".C", ".c++", ".i", ".ii"})
            if (a[0] != '-' && extension == source) c.compiles = true;
    }
    // Only questions such as --version.
    bool file = false;
    for (int i = 1; i < argc; ++i) file |= argv[i][0] != '-';
    c.links &= file;
    return c;
}

}  // namespace

int run_compiler(int argc, char** argv) {
    const std::string_view verb = argv[0];
    const char* const variable = verb == "cc" ? "HEDDLE_CC" : "HEDDLE_CXX";
    const std::vector<std::string> compiler = compiler_for(verb);
    // Called once more from its own compiler, it looks elsewhere; called twice more, elsewhere is here.
    const std::string called = value_of(called_variable) != nullptr ? value_of(called_variable) : "";
    if (called == "11" || is_this_program(compiler[0])) {
        std::fprintf(stderr, "heddle: the compiler %s is heddle %s itself; set %s to another compiler\n",
                     compiler[0].c_str(), argv[0], variable);
        return 2;
    }
    ::setenv(called_variable, (called + "1").c_str(), 1);
    const command_line c = look_at(argc, argv);
    if (c.is_static) {
        std::fprintf(stderr, "heddle: a statically linked program cannot be checked: leave out -static\n");
        return 2;
    }
    std::vector<std::string> arguments = compiler;
    if (c.compiles || !c.links) arguments.emplace_back("-fsanitize=thread");
    if (!c.debug) arguments.emplace_back("-g");
    for (int i = 1; i < argc; ++i) arguments.emplace_back(argv[i]);
    if (c.links) {
        const std::filesystem::path runtime = runtime_path();
        // What -fsanitize=thread would link in: clang can be told not to, and g++ finds the library of this
        // name in a folder of ours first.
        if (is_clang(compiler))
            arguments.emplace_back("-fno-sanitize-link-runtime");
        else if (c.compiles) {
            // Where it is not, g++ would take ThreadSanitizer's own.
            const std::filesystem::path library = runtime.parent_path() / "heddle-tsan" / "libtsan.so";
            if (!std::filesystem::exists(library)) {
                std::fprintf(stderr, "heddle: %s is missing: install heddle again\n", library.c_str());
                return 2;
            }
            arguments.push_back("-L" + library.parent_path().string());
        }
        arguments.push_back(runtime.string());
        arguments.push_back("-Wl,-rpath," + runtime.parent_path().string());
        arguments.emplace_back("-pthread");
    }
    std::vector<char*> pointers;
    for (std::string& a : arguments) pointers.push_back(a.data());
    pointers.push_back(nullptr);
    ::execvp(pointers[0], pointers.data());
    std::fprintf(stderr, "heddle: %s: %s; set %s to another compiler\n", compiler[0].c_str(),
                 std::strerror(errno), variable);
    return 127;
}

}  // namespace heddle::inline v0::cli

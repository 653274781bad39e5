// SPDX-License-Identifier: BSL-1.0
// heddle c++ and heddle cc: the system's compiler, with its instrumentation for threads switched on and the
// checker's runtime in place of ThreadSanitizer's.

#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "../verbs.hpp"
#include "runtime_path.hpp"

namespace heddle::inline v0::cli {

namespace {

std::string compiler_for(std::string_view verb) {
    const char* const chosen = ::getenv(verb == "cc" ? "CC" : "CXX");
    if (chosen != nullptr && *chosen != 0) return chosen;
    return verb == "cc" ? "cc" : "c++";
}

bool is_clang(const std::string& compiler) {
    std::FILE* const out = ::popen(("'" + compiler + "' --version 2>/dev/null").c_str(), "r");
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
    const std::string compiler = compiler_for(argv[0]);
    const command_line c = look_at(argc, argv);
    if (c.is_static) {
        std::fprintf(stderr, "heddle: a statically linked program cannot be checked: leave out -static\n");
        return 2;
    }
    std::vector<std::string> arguments{compiler};
    if (c.compiles || !c.links) arguments.emplace_back("-fsanitize=thread");
    if (!c.debug) arguments.emplace_back("-g");
    for (int i = 1; i < argc; ++i) arguments.emplace_back(argv[i]);
    if (c.links) {
        const std::filesystem::path runtime = runtime_path();
        // What -fsanitize=thread would link in: clang can be told not to, and g++ finds the library of this
        // name in a folder of ours first.
        if (is_clang(compiler))
            arguments.emplace_back("-fno-sanitize-link-runtime");
        else if (c.compiles)
            arguments.push_back("-L" + (runtime.parent_path() / "heddle-tsan").string());
        arguments.push_back(runtime.string());
        arguments.push_back("-Wl,-rpath," + runtime.parent_path().string());
        arguments.emplace_back("-pthread");
    }
    std::vector<char*> pointers;
    for (std::string& a : arguments) pointers.push_back(a.data());
    pointers.push_back(nullptr);
    ::execvp(pointers[0], pointers.data());
    std::fprintf(stderr, "heddle: %s: %s; set %s to another compiler\n", compiler.c_str(),
                 std::strerror(errno), std::string_view(argv[0]) == "cc" ? "CC" : "CXX");
    return 127;
}

}  // namespace heddle::inline v0::cli

// SPDX-License-Identifier: BSL-1.0
// expects: a value of this type does not travel to another process: give the type a serialize() member
#include <heddle/process/process_pool.hpp>
#include <string>

struct person {
    std::string name;
};

int age(person p);

void wrong(heddle::process_pool& procs, const person& p) {
    procs.submit(age, p);
}

// SPDX-License-Identifier: BSL-1.0
#pragma once

// HEDDLE_SANITIZED: 1 where AddressSanitizer or ThreadSanitizer is built in, which have an operator new,
// handlers, memory and a thread of their own; otherwise 0.

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HEDDLE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HEDDLE_SANITIZED 1
#endif
#endif
#if !defined(HEDDLE_SANITIZED)
#define HEDDLE_SANITIZED 0
#endif

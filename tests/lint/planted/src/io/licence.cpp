
// SPDX-License-Identifier: BSL-1.0 (too late, and with more text)

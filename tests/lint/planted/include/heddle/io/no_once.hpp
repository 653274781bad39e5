// SPDX-License-Identifier: BSL-1.0
int once_was_forgotten();

#pragma once

/// Waits at most `pause_ms` for something to do and does it: accepts connections of `listener`, which does not block,
/// joins each to the Unix socket at `path` (at most 107 bytes), and carries their bytes. Call it again and again.
void forward(int listener, const char *path, int pause_ms);

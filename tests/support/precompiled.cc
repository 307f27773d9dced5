// Compiled once so that Catch's header is parsed once for all tests (target_precompile_headers).

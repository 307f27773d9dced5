#pragma once

#include <string_view>

#include "understand/header.h"

namespace gasoline::understand {

/// Reads the headers whose level is a letter or a mark, which only their whole form tells apart
/// from text:
///
///   I1121 02:10:10.000000      12 file.go:3] message          glog, klog
///   [I 2026-11-21 02:37:06.115 app:42] message                Tornado, Jupyter
///   387:M 21 Nov 2026 02:35:33.395 * message                  Redis
///   11-21 02:37:06.115  1234  5678 E Tag: message             Android
///   E/Tag( 1234): message
///
/// False, with `header` unchanged, for any other line.
bool read_letter_header(std::string_view line, const TimeContext& context, Header& header);

}  // namespace gasoline::understand

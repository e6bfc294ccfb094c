#pragma once
#include <nghttp2/nghttp2.h>

// Of a header block that may hold trailers or a request: which it is. (A union's member, reached by the frame's type.)
static inline nghttp2_headers_category monoflow_headers_category(const nghttp2_frame *_Nonnull frame) { return frame->headers.cat; }

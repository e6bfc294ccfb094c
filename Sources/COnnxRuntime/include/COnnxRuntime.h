// ONNX Runtime as a model backend. The library is opened by path when the backend is created, so that the server
// neither links to it nor needs it to start.
//
// Options of create:
//   library              path of libonnxruntime.so (required), 1.16 or newer
// Options of load:
//   provider             cpu (default)
//   intra_op_threads     threads inside one operator, 1…256; 0 (default): one per core
//   graph_optimization   disable, basic, extended, all (default)
#pragma once
#include "CModelBackend.h"

#ifdef __cplusplus
extern "C" {
#endif

// An `mfb_entry`.
const mfb_api *monoflow_onnxruntime_entry(uint32_t host_abi_major);

#ifdef __cplusplus
}
#endif

// The binary interface between Monoflow and whatever computes a model: ONNX Runtime (built in), and any shared
// object that exports `monoflow_backend_entry`.
//
// Versioning. `MFB_ABI_MAJOR` changes when something here changes its meaning or place; `MFB_ABI_MINOR` when
// something is added. Additions go to the end of a struct. Every struct that either side allocates begins with
// its own size in bytes: a reader looks at no field that lies beyond that size, and takes an absent field as zero.
//
// Text is UTF-8 and ends with a NUL unless a length stands beside it. Pointers handed in are borrowed for the
// duration of the call; what a call hands out says who releases it. Every function that can fail returns NULL on
// success or an error object that the caller releases; on failure nothing was handed out and the out parameters
// are unchanged, so there is nothing else to release.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MFB_ABI_MAJOR 1u
#define MFB_ABI_MINOR 0u

// What went wrong; the host maps these to its own vocabulary. Unknown values count as MFB_INTERNAL.
typedef int32_t mfb_code;
enum {
    MFB_INVALID_ARGUMENT = 1,    // the request or an option is wrong; sending it again will not help
    MFB_NOT_FOUND = 2,           // a file, device or name does not exist
    MFB_UNSUPPORTED = 3,         // right in itself, but not offered by this backend
    MFB_RESOURCE_EXHAUSTED = 4,  // memory or another limited thing is used up; may work later
    MFB_UNAVAILABLE = 5,         // a library, worker or device is missing or gone
    MFB_DATA_LOSS = 6,           // the model's file is damaged
    MFB_INTERNAL = 7,
};

// An error. `release` frees it and is called exactly once, on any thread.
typedef struct mfb_error mfb_error;
struct mfb_error {
    size_t size;
    mfb_code code;
    const char *message;
    void (*release)(mfb_error *self);
};

// Element types, numbered for good. Sizes in bytes: 1 1 2 4 8 1 2 4 8 2 2 4 8; MFB_BYTES elements vary in length.
typedef int32_t mfb_datatype;
enum {
    MFB_BOOL = 1, MFB_UINT8 = 2, MFB_UINT16 = 3, MFB_UINT32 = 4, MFB_UINT64 = 5,
    MFB_INT8 = 6, MFB_INT16 = 7, MFB_INT32 = 8, MFB_INT64 = 9,
    MFB_FP16 = 10, MFB_BF16 = 11, MFB_FP32 = 12, MFB_FP64 = 13, MFB_BYTES = 14,
};

// Where bytes lie.
typedef int32_t mfb_memory;
enum {
    MFB_MEMORY_HOST = 0,
    MFB_MEMORY_HOST_PINNED = 1,  // host memory that a CUDA device can copy from asynchronously
    MFB_MEMORY_CUDA = 2,         // device memory of `device_id`
};

typedef struct mfb_bytes {
    const void *data;  // may be NULL where length is 0
    size_t length;
} mfb_bytes;

// A named setting, e.g. {"intra_op_threads", "2"}. Keys and values are text so that a backend needs no parser.
// A backend refuses a key that it does not know: a misspelt setting must not pass in silence.
typedef struct mfb_option {
    const char *key;
    const char *value;
} mfb_option;

// A tensor in row-major order.
// For MFB_BYTES there is one chunk per element. For the other types the chunks, one after the other, are the data:
// the host may pass one chunk per request of a batch, and the backend gathers them straight into its own memory.
// A chunk of a numeric tensor holds whole elements and starts at an address aligned for its type.
typedef struct mfb_tensor {
    size_t size;
    const char *name;
    mfb_datatype datatype;
    mfb_memory memory;
    int32_t device_id;
    uint32_t rank;          // 0: a scalar
    const int64_t *shape;   // `rank` extents, none negative
    const mfb_bytes *chunks;
    size_t chunk_count;
} mfb_tensor;

// What a model takes or gives.
typedef struct mfb_tensor_info {
    size_t size;
    const char *name;
    mfb_datatype datatype;
    uint32_t rank;
    const int64_t *shape;  // -1: any extent
    uint32_t optional;     // 1: an input that may be left out
} mfb_tensor_info;

typedef struct mfb_model_info {
    size_t size;
    const char *platform;  // as in the Open Inference Protocol, e.g. "onnxruntime_onnx"
    const mfb_tensor_info *inputs;
    size_t input_count;
    const mfb_tensor_info *outputs;
    size_t output_count;
    // Largest first extent that one execution may have; 0: the first dimension is no batch dimension;
    // -1: a batch dimension without a limit.
    int64_t max_batch;
    // How many threads may execute on one instance at the same time; 0: any number.
    uint32_t instance_concurrency;
} mfb_model_info;

typedef struct mfb_backend mfb_backend;
typedef struct mfb_model mfb_model;
typedef struct mfb_instance mfb_instance;

// Severity: 0 debug, 1 info, 2 warning, 3 error.
typedef void (*mfb_log)(void *context, int32_t severity, const char *message);

// What the host offers to a backend. It stays valid until the backend is destroyed; `log` may be called on any
// thread, also from threads of the backend, until then.
typedef struct mfb_host {
    size_t size;
    uint32_t abi_major, abi_minor;
    mfb_log log;
    void *log_context;
} mfb_host;

typedef struct mfb_model_source {
    size_t size;
    const char *name;     // for messages
    const char *version;  // for messages
    const char *path;     // absolute; a file or a directory, as the backend's format has it
    const mfb_option *options;
    size_t option_count;
} mfb_model_source;

typedef struct mfb_instance_config {
    size_t size;
    mfb_memory device_kind;  // MFB_MEMORY_HOST: the CPU; MFB_MEMORY_CUDA: the GPU `device_id`
    int32_t device_id;
} mfb_instance_config;

typedef struct mfb_request {
    size_t size;
    const mfb_tensor *inputs;
    size_t input_count;
    const char *const *outputs;  // names wanted, in this order; NULL with count 0: all, in the model's order
    size_t output_count;
} mfb_request;

// The answer to one execution. It owns its tensors and their bytes (names belong to the model); `release` frees all
// of it, exactly once, on any thread, before the instance is destroyed.
typedef struct mfb_response mfb_response;
struct mfb_response {
    size_t size;
    const mfb_tensor *outputs;
    size_t output_count;
    void (*release)(mfb_response *self);
};

// The functions of a backend. A function pointer that lies beyond `size` or is NULL is not offered.
typedef struct mfb_api {
    size_t size;
    uint32_t abi_major, abi_minor;
    const char *name;  // e.g. "onnxruntime"

    // Makes the backend. Options are the backend's own. May block (libraries are loaded here). The caller destroys
    // `*out`. Any thread; several backends may exist at the same time.
    mfb_error *(*create)(const mfb_host *host, const mfb_option *options, size_t option_count, mfb_backend **out);
    // Frees the backend. Its models must be unloaded before. Called once, by one thread.
    void (*destroy)(mfb_backend *backend);
    // The version of what stands behind the backend, e.g. "1.32.0"; valid until destroy. Any thread.
    const char *(*version)(mfb_backend *backend);
    // Names of devices or providers that this build of the runtime can use; valid until destroy. Any thread.
    mfb_error *(*devices)(mfb_backend *backend, const char *const **out_names, size_t *out_count);

    // Reads a model. May block for long. The caller unloads `*out`. Any thread, also several loads at once.
    mfb_error *(*load)(mfb_backend *backend, const mfb_model_source *source, mfb_model **out);
    // Frees the model. Its instances must be destroyed before. Called once, by one thread.
    void (*unload)(mfb_model *model);
    // The model's inputs and outputs; valid until unload, never changes. Any thread; does not block.
    const mfb_model_info *(*describe)(mfb_model *model);

    // Makes an execution context on a device. The caller destroys `*out`. Any thread.
    mfb_error *(*create_instance)(mfb_model *model, const mfb_instance_config *config, mfb_instance **out);
    // Frees the instance; no execution may be under way on it. Called once, by one thread.
    void (*destroy_instance)(mfb_instance *instance);

    // Runs the model and returns when the outputs are whole. The request and its bytes must stay unchanged until
    // then, and are not read after. The caller releases `*out`. At most `instance_concurrency` threads at once.
    // The host has checked names, datatypes, shapes and lengths against `describe`; the backend need not, but must
    // not read beyond a chunk.
    mfb_error *(*execute)(mfb_instance *instance, const mfb_request *request, mfb_response **out);
} mfb_api;

// A shared object exports this as `monoflow_backend_entry`. It returns its table for the host's major version, or
// NULL where it does not speak it. The table lives as long as the object is loaded.
typedef const mfb_api *(*mfb_entry)(uint32_t host_abi_major);
#define MFB_ENTRY_SYMBOL "monoflow_backend_entry"

#ifdef __cplusplus
}
#endif

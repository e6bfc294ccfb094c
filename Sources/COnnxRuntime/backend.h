// Shared by the files of this target.
#pragma once
#include "COnnxRuntime.h"
#include "slots.h"

struct mfb_backend {
    ort_api ort;
    char *version;
    OrtEnv *env;
    OrtAllocator *allocator;  // the runtime's own, never released
    OrtMemoryInfo *host_memory;
    char **providers;
    int provider_count;
};

struct mfb_model {
    mfb_backend *backend;
    OrtSession *session;
    mfb_model_info info;
    mfb_tensor_info *inputs, *outputs;
    const char **output_names;
};

// A session may be run by any number of threads, so an instance is no more than the session.
struct mfb_instance {
    mfb_model *model;
};

// NULL is never returned: where there is no memory for the message, a constant error stands for it.
__attribute__((format(printf, 2, 3))) mfb_error *ort_error(mfb_code code, const char *format, ...);
// Turns a failed status into an error and releases it; NULL for a NULL status.
mfb_error *ort_status(const ort_api *ort, OrtStatus *status);

// 0 where there is no equivalent.
mfb_datatype ort_datatype(int element_type);
int ort_element_type(mfb_datatype datatype);
// Bytes of one element; 0 for MFB_BYTES and unknown types.
size_t ort_element_size(mfb_datatype datatype);

mfb_error *ort_load(mfb_backend *, const mfb_model_source *, mfb_model **out);
void ort_unload(mfb_model *);
mfb_error *ort_execute(mfb_instance *, const mfb_request *, mfb_response **out);

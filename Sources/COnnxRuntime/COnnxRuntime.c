#include "backend.h"
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

static mfb_error *open_library(const char *path, mfb_backend *backend) {
    // Never closed: the runtime keeps threads and exit handlers that would outlive its code.
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) return ort_error(MFB_UNAVAILABLE, "%s", dlerror());
    union { void *object; const OrtApiBase *(*function)(void); } entry = {dlsym(library, "OrtGetApiBase")};
    if (!entry.object) return ort_error(MFB_UNAVAILABLE, "%s is not ONNX Runtime: it has no OrtGetApiBase", path);
    const OrtApiBase *base = entry.function();
    backend->version = strdup(base->GetVersionString());
    if (!backend->version) return ort_error(MFB_RESOURCE_EXHAUSTED, "out of memory");
    const void *const *table = base->GetApi(ORT_API_VERSION_ASKED);
    if (!table) {
        return ort_error(MFB_UNAVAILABLE, "ONNX Runtime %s is too old: 1.%u or newer is needed", backend->version,
                         ORT_API_VERSION_ASKED);
    }
#define ORT_TAKE(index, result, name, parameters) memcpy(&backend->ort.name, &table[index], sizeof table[index]);
    ORT_SLOTS(ORT_TAKE)
#undef ORT_TAKE
    return NULL;
}

static void destroy(mfb_backend *backend) {
    if (backend->providers) {
        OrtStatus *status = backend->ort.ReleaseAvailableProviders(backend->providers, backend->provider_count);
        if (status) backend->ort.ReleaseStatus(status);
    }
    if (backend->host_memory) backend->ort.ReleaseMemoryInfo(backend->host_memory);
    if (backend->env) backend->ort.ReleaseEnv(backend->env);
    free(backend->version);
    free(backend);
}

static mfb_error *start(mfb_backend *backend, const char *library) {
    mfb_error *error = open_library(library, backend);
    if (error) return error;
    const ort_api *ort = &backend->ort;
    // Every failure comes back as a status as well, so the runtime's own log would only repeat it.
    if ((error = ort_status(ort, ort->CreateEnv(ORT_LOG_FATAL, "monoflow", &backend->env)))) return error;
    if ((error = ort_status(ort, ort->GetAllocatorWithDefaultOptions(&backend->allocator)))) return error;
    error = ort_status(ort, ort->CreateCpuMemoryInfo(ORT_DEVICE_ALLOCATOR, ORT_MEMORY_DEFAULT, &backend->host_memory));
    if (error) return error;
    return ort_status(ort, ort->GetAvailableProviders(&backend->providers, &backend->provider_count));
}

static mfb_error *create(const mfb_host *host, const mfb_option *options, size_t count, mfb_backend **out) {
    (void)host;
    const char *library = NULL;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(options[i].key, "library")) return ort_error(MFB_INVALID_ARGUMENT, "unknown option %s", options[i].key);
        library = options[i].value;
    }
    if (!library) return ort_error(MFB_INVALID_ARGUMENT, "the option library is missing");
    mfb_backend *backend = calloc(1, sizeof *backend);
    if (!backend) return ort_error(MFB_RESOURCE_EXHAUSTED, "out of memory");
    mfb_error *error = start(backend, library);
    if (error) destroy(backend);
    else *out = backend;
    return error;
}

static const char *version(mfb_backend *backend) { return backend->version; }

static mfb_error *devices(mfb_backend *backend, const char *const **names, size_t *count) {
    *names = (const char *const *)backend->providers;
    *count = (size_t)backend->provider_count;
    return NULL;
}

static const mfb_model_info *describe(mfb_model *model) { return &model->info; }

static mfb_error *create_instance(mfb_model *model, const mfb_instance_config *config, mfb_instance **out) {
    if (config->device_kind != MFB_MEMORY_HOST) return ort_error(MFB_UNSUPPORTED, "only the CPU is offered");
    mfb_instance *instance = malloc(sizeof *instance);
    if (!instance) return ort_error(MFB_RESOURCE_EXHAUSTED, "out of memory");
    instance->model = model;
    *out = instance;
    return NULL;
}

static void destroy_instance(mfb_instance *instance) { free(instance); }

const mfb_api *monoflow_onnxruntime_entry(uint32_t host_abi_major) {
    static const mfb_api api = {
        sizeof api, MFB_ABI_MAJOR, MFB_ABI_MINOR, "onnxruntime",
        create, destroy, version, devices, ort_load, ort_unload, describe, create_instance, destroy_instance, ort_execute,
    };
    return host_abi_major == MFB_ABI_MAJOR ? &api : NULL;
}

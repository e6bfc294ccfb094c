#include "backend.h"
#include <stdlib.h>
#include <string.h>

typedef struct settings {
    long intra_op_threads;
    int graph_optimization;
} settings;

static mfb_error *parse_threads(const mfb_option *option, long *out) {
    char *end = NULL;
    long value = strtol(option->value, &end, 10);
    if (end == option->value || *end || value < 0 || value > 256) {
        return ort_error(MFB_INVALID_ARGUMENT, "option %s: %s is not a number from 0 to 256", option->key, option->value);
    }
    *out = value;
    return NULL;
}

static mfb_error *parse(const mfb_model_source *source, settings *out) {
    for (size_t i = 0; i < source->option_count; i++) {
        const mfb_option *option = &source->options[i];
        mfb_error *error = NULL;
        if (!strcmp(option->key, "intra_op_threads")) {
            error = parse_threads(option, &out->intra_op_threads);
        } else if (!strcmp(option->key, "provider")) {
            if (strcmp(option->value, "cpu")) {
                error = ort_error(MFB_UNSUPPORTED, "execution provider %s is not offered, only cpu is", option->value);
            }
        } else if (!strcmp(option->key, "graph_optimization")) {
            static const struct { const char *name; int level; } levels[] = {
                {"disable", 0}, {"basic", 1}, {"extended", 2}, {"all", 99},
            };
            size_t at = 0;
            while (at < 4 && strcmp(option->value, levels[at].name)) at++;
            if (at < 4) out->graph_optimization = levels[at].level;
            else error = ort_error(MFB_INVALID_ARGUMENT, "option graph_optimization: %s is none of disable, basic, extended, all", option->value);
        } else {
            error = ort_error(MFB_INVALID_ARGUMENT, "unknown option %s", option->key);
        }
        if (error) return error;
    }
    return NULL;
}

static mfb_error *open_session(mfb_model *model, const mfb_model_source *source, const settings *chosen) {
    const ort_api *ort = &model->backend->ort;
    OrtSessionOptions *options = NULL;
    mfb_error *error = ort_status(ort, ort->CreateSessionOptions(&options));
    if (error) return error;
    error = ort_status(ort, ort->SetSessionGraphOptimizationLevel(options, chosen->graph_optimization));
    if (!error) error = ort_status(ort, ort->SetIntraOpNumThreads(options, (int)chosen->intra_op_threads));
    if (!error) error = ort_status(ort, ort->CreateSession(model->backend->env, source->path, options, &model->session));
    ort->ReleaseSessionOptions(options);
    return error;
}

// Fills datatype, rank, shape; `*batch` becomes the name of a free first dimension ("" where it has none), else NULL.
static mfb_error *read_shape(const ort_api *ort, const OrtTypeInfo *type, const char *role, mfb_tensor_info *out, char **batch) {
    int kind = 0, element = 0;
    mfb_error *error = ort_status(ort, ort->GetOnnxTypeFromTypeInfo(type, &kind));
    if (error) return error;
    if (kind != ORT_TYPE_TENSOR) {
        return ort_error(MFB_UNSUPPORTED, "%s %s is not a tensor but a sequence or map, which cannot be served%s", role, out->name,
                         strcmp(role, "output") ? "" : "; scikit-learn classifiers are converted with options={'zipmap': False}");
    }
    const OrtTensorInfo *tensor = NULL;
    size_t rank = 0;
    if ((error = ort_status(ort, ort->CastTypeInfoToTensorInfo(type, &tensor)))) return error;
    if ((error = ort_status(ort, ort->GetTensorElementType(tensor, &element)))) return error;
    if ((error = ort_status(ort, ort->GetDimensionsCount(tensor, &rank)))) return error;
    out->datatype = ort_datatype(element);
    if (!out->datatype) return ort_error(MFB_UNSUPPORTED, "%s %s has ONNX element type %d, which cannot be served", role, out->name, element);
    int64_t *shape = malloc((rank + 1) * sizeof *shape);
    const char **names = calloc(rank + 1, sizeof *names);
    out->shape = shape;
    out->rank = (uint32_t)rank;
    if (!shape || !names) error = ort_error(MFB_RESOURCE_EXHAUSTED, "out of memory");
    if (!error) error = ort_status(ort, ort->GetDimensions(tensor, shape, rank));
    if (!error) error = ort_status(ort, ort->GetSymbolicDimensions(tensor, names, rank));
    if (!error && rank > 0 && shape[0] < 0) *batch = strdup(names[0] ? names[0] : "");
    for (size_t i = 0; !error && i < rank; i++) {
        if (shape[i] < 0) shape[i] = -1;
    }
    free(names);
    return error;
}

static mfb_error *read_one(mfb_model *model, int is_input, size_t index, mfb_tensor_info *out, char **batch) {
    const ort_api *ort = &model->backend->ort;
    char *name = NULL;
    OrtTypeInfo *type = NULL;
    out->size = sizeof *out;
    OrtStatus *status = is_input ? ort->SessionGetInputName(model->session, index, model->backend->allocator, &name)
                                 : ort->SessionGetOutputName(model->session, index, model->backend->allocator, &name);
    mfb_error *error = ort_status(ort, status);
    if (error) return error;
    out->name = strdup(name);
    error = ort_status(ort, ort->AllocatorFree(model->backend->allocator, name));
    if (!error && !out->name) error = ort_error(MFB_RESOURCE_EXHAUSTED, "out of memory");
    if (error) return error;
    status = is_input ? ort->SessionGetInputTypeInfo(model->session, index, &type)
                      : ort->SessionGetOutputTypeInfo(model->session, index, &type);
    if ((error = ort_status(ort, status))) return error;
    error = read_shape(ort, type, is_input ? "input" : "output", out, batch);
    ort->ReleaseTypeInfo(type);
    return error;
}

// A model has a batch dimension where the first extent of every input and output is free, and the inputs do not
// call it by different names.
static mfb_error *read_signature(mfb_model *model) {
    const ort_api *ort = &model->backend->ort;
    mfb_model_info *info = &model->info;
    size_t inputs = 0, outputs = 0;
    mfb_error *error = ort_status(ort, ort->SessionGetInputCount(model->session, &inputs));
    if (!error) error = ort_status(ort, ort->SessionGetOutputCount(model->session, &outputs));
    if (error) return error;
    model->inputs = calloc(inputs + 1, sizeof *model->inputs);
    model->outputs = calloc(outputs + 1, sizeof *model->outputs);
    model->output_names = calloc(outputs + 1, sizeof *model->output_names);
    if (!model->inputs || !model->outputs || !model->output_names) return ort_error(MFB_RESOURCE_EXHAUSTED, "out of memory");
    *info = (mfb_model_info){sizeof *info, "onnxruntime_onnx", model->inputs, inputs, model->outputs, outputs, -1, 0};
    char *common = NULL;
    for (size_t i = 0; !error && i < inputs + outputs; i++) {
        int is_input = i < inputs;
        char *batch = NULL;
        mfb_tensor_info *tensor = is_input ? &model->inputs[i] : &model->outputs[i - inputs];
        error = read_one(model, is_input, is_input ? i : i - inputs, tensor, &batch);
        if (!batch || (is_input && common && strcmp(common, batch))) info->max_batch = 0;
        if (!is_input) model->output_names[i - inputs] = tensor->name;
        if (is_input && !common) common = batch;
        else free(batch);
    }
    if (inputs == 0) info->max_batch = 0;
    free(common);
    return error;
}

static void free_tensors(mfb_tensor_info *tensors, size_t count) {
    for (size_t i = 0; tensors && i < count; i++) {
        free((void *)tensors[i].name);
        free((void *)tensors[i].shape);
    }
    free(tensors);
}

void ort_unload(mfb_model *model) {
    if (model->session) model->backend->ort.ReleaseSession(model->session);
    free_tensors(model->inputs, model->info.input_count);
    free_tensors(model->outputs, model->info.output_count);
    free(model->output_names);
    free(model);
}

mfb_error *ort_load(mfb_backend *backend, const mfb_model_source *source, mfb_model **out) {
    settings chosen = {0, 99};
    mfb_error *error = parse(source, &chosen);
    if (error) return error;
    mfb_model *model = calloc(1, sizeof *model);
    if (!model) return ort_error(MFB_RESOURCE_EXHAUSTED, "out of memory");
    model->backend = backend;
    error = open_session(model, source, &chosen);
    if (!error) error = read_signature(model);
    if (error) ort_unload(model);
    else *out = model;
    return error;
}

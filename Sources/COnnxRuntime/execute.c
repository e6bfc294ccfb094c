#include "backend.h"
#include <stdlib.h>
#include <string.h>

// What one output keeps alive until the response is released.
typedef struct output {
    OrtValue *value;
    int64_t *shape;
    mfb_bytes single;   // the data of a numeric tensor
    mfb_bytes *strings;  // the elements of a string tensor, followed in memory by their text
} output;

typedef struct response {
    mfb_response base;
    const ort_api *ort;
    mfb_tensor *tensors;
    output *outputs;
} response;

static void release_response(mfb_response *self) {
    response *whole = (response *)self;
    for (size_t i = 0; i < self->output_count; i++) {
        if (whole->outputs[i].value) whole->ort->ReleaseValue(whole->outputs[i].value);
        free(whole->outputs[i].shape);
        free(whole->outputs[i].strings);
    }
    free(whole);
}

static mfb_error *make_strings(mfb_backend *backend, const mfb_tensor *tensor, int type, OrtValue **out) {
    const ort_api *ort = &backend->ort;
    mfb_error *error = ort_status(ort, ort->CreateTensorAsOrtValue(backend->allocator, tensor->shape, tensor->rank, type, out));
    for (size_t i = 0; !error && i < tensor->chunk_count; i++) {
        char *text = NULL;
        error = ort_status(ort, ort->GetResizedStringTensorElementBuffer(*out, i, tensor->chunks[i].length, &text));
        if (!error && tensor->chunks[i].length) memcpy(text, tensor->chunks[i].data, tensor->chunks[i].length);
    }
    return error;
}

// Wraps the caller's memory where it is in one piece; `*gathered` is a copy to free where it is not.
static mfb_error *make_numbers(mfb_backend *backend, const mfb_tensor *tensor, int type, void **gathered, OrtValue **out) {
    static int64_t nothing;  // the runtime wants an address for a tensor without elements too
    size_t bytes = 0;
    for (size_t i = 0; i < tensor->chunk_count; i++) bytes += tensor->chunks[i].length;
    void *data = bytes == 0 ? &nothing : tensor->chunk_count == 1 ? (void *)tensor->chunks[0].data : NULL;
    if (!data) {
        char *at = data = *gathered = malloc(bytes);
        if (!at) return ort_error(MFB_RESOURCE_EXHAUSTED, "no memory for input %s", tensor->name);
        for (size_t i = 0; i < tensor->chunk_count; i++) {
            if (!tensor->chunks[i].length) continue;
            memcpy(at, tensor->chunks[i].data, tensor->chunks[i].length);
            at += tensor->chunks[i].length;
        }
    }
    const ort_api *ort = &backend->ort;
    return ort_status(ort, ort->CreateTensorWithDataAsOrtValue(backend->host_memory, data, bytes, tensor->shape, tensor->rank, type, out));
}

static mfb_error *make_input(mfb_backend *backend, const mfb_tensor *tensor, void **gathered, OrtValue **out) {
    int type = ort_element_type(tensor->datatype);
    if (!type) return ort_error(MFB_INVALID_ARGUMENT, "input %s: unknown datatype %d", tensor->name, tensor->datatype);
    if (tensor->memory == MFB_MEMORY_CUDA) return ort_error(MFB_UNSUPPORTED, "input %s lies in device memory", tensor->name);
    return tensor->datatype == MFB_BYTES ? make_strings(backend, tensor, type, out)
                                         : make_numbers(backend, tensor, type, gathered, out);
}

static mfb_error *read_strings(const ort_api *ort, const OrtValue *value, size_t count, output *slot) {
    size_t bytes = 0;
    mfb_error *error = ort_status(ort, ort->GetStringTensorDataLength(value, &bytes));
    if (error) return error;
    slot->strings = malloc((count + 1) * sizeof *slot->strings + bytes + 1);
    size_t *offsets = malloc((count + 1) * sizeof *offsets);
    if (!slot->strings || !offsets) error = ort_error(MFB_RESOURCE_EXHAUSTED, "no memory for an output");
    else if (count) {
        char *text = (char *)(slot->strings + count + 1);
        error = ort_status(ort, ort->GetStringTensorContent(value, text, bytes, offsets, count));
        offsets[count] = bytes;
        for (size_t i = 0; !error && i < count; i++) slot->strings[i] = (mfb_bytes){text + offsets[i], offsets[i + 1] - offsets[i]};
    }
    free(offsets);
    return error;
}

static mfb_error *read_output(const ort_api *ort, const OrtTensorInfo *info, output *slot, mfb_tensor *tensor) {
    int type = 0;
    size_t rank = 0, count = 0;
    mfb_error *error = ort_status(ort, ort->GetTensorElementType(info, &type));
    if (!error) error = ort_status(ort, ort->GetDimensionsCount(info, &rank));
    if (!error) error = ort_status(ort, ort->GetTensorShapeElementCount(info, &count));
    if (error) return error;
    slot->shape = malloc((rank + 1) * sizeof *slot->shape);
    if (!slot->shape) return ort_error(MFB_RESOURCE_EXHAUSTED, "no memory for an output");
    if ((error = ort_status(ort, ort->GetDimensions(info, slot->shape, rank)))) return error;
    tensor->datatype = ort_datatype(type);
    tensor->rank = (uint32_t)rank;
    tensor->shape = slot->shape;
    if (tensor->datatype == MFB_BYTES) {
        if ((error = read_strings(ort, slot->value, count, slot))) return error;
        tensor->chunks = slot->strings;
        tensor->chunk_count = count;
        return NULL;
    }
    void *data = NULL;
    if ((error = ort_status(ort, ort->GetTensorMutableData(slot->value, &data)))) return error;
    slot->single = (mfb_bytes){data, count * ort_element_size(tensor->datatype)};
    tensor->chunks = &slot->single;
    tensor->chunk_count = 1;
    return NULL;
}

static mfb_error *make_response(const ort_api *ort, OrtValue **values, const char *const *names, size_t count, mfb_response **out) {
    response *whole = calloc(1, sizeof *whole + count * (sizeof(mfb_tensor) + sizeof(output)));
    if (!whole) return ort_error(MFB_RESOURCE_EXHAUSTED, "no memory for the outputs");
    whole->ort = ort;
    whole->tensors = (mfb_tensor *)(whole + 1);
    whole->outputs = (output *)(whole->tensors + count);
    whole->base = (mfb_response){sizeof whole->base, whole->tensors, count, release_response};
    mfb_error *error = NULL;
    for (size_t i = 0; i < count; i++) {  // all values are taken over, so that a failure releases them with the rest
        whole->outputs[i].value = values[i];
        values[i] = NULL;
    }
    for (size_t i = 0; !error && i < count; i++) {
        whole->tensors[i].size = sizeof(mfb_tensor);
        whole->tensors[i].name = names[i];
        OrtTensorInfo *info = NULL;
        error = ort_status(ort, ort->GetTensorTypeAndShape(whole->outputs[i].value, &info));
        if (error) break;
        error = read_output(ort, info, &whole->outputs[i], &whole->tensors[i]);
        ort->ReleaseTensorTypeAndShapeInfo(info);
    }
    if (error) release_response(&whole->base);
    else *out = &whole->base;
    return error;
}

// The model's own copies of the names asked for, which outlive the request.
static mfb_error *choose_outputs(const mfb_model *model, const mfb_request *request, const char **names) {
    for (size_t i = 0; i < request->output_count; i++) {
        for (size_t k = 0; k < model->info.output_count && !names[i]; k++) {
            if (!strcmp(request->outputs[i], model->output_names[k])) names[i] = model->output_names[k];
        }
        if (!names[i]) return ort_error(MFB_INVALID_ARGUMENT, "unknown output %s", request->outputs[i]);
    }
    return NULL;
}

mfb_error *ort_execute(mfb_instance *instance, const mfb_request *request, mfb_response **out) {
    mfb_model *model = instance->model;
    const ort_api *ort = &model->backend->ort;
    size_t inputs = request->input_count;
    size_t outputs = request->output_count ? request->output_count : model->info.output_count;
    // One block for: input values, output values, gathered copies, input names, output names.
    void **block = calloc(inputs * 3 + outputs * 2 + 1, sizeof *block);
    if (!block) return ort_error(MFB_RESOURCE_EXHAUSTED, "out of memory");
    OrtValue **values = (OrtValue **)block, **results = values + inputs;
    void **gathered = (void **)(results + outputs);
    const char **input_names = (const char **)(gathered + inputs), **output_names = input_names + inputs;

    mfb_error *error = NULL;
    if (request->output_count) error = choose_outputs(model, request, output_names);
    else memcpy(output_names, model->output_names, outputs * sizeof *output_names);
    for (size_t i = 0; !error && i < inputs; i++) {
        input_names[i] = request->inputs[i].name;
        error = make_input(model->backend, &request->inputs[i], &gathered[i], &values[i]);
    }
    if (!error) {
        error = ort_status(ort, ort->Run(model->session, NULL, input_names, (const OrtValue *const *)values, inputs,
                                         output_names, outputs, results));
    }
    if (!error) error = make_response(ort, results, output_names, outputs, out);
    for (size_t i = 0; i < inputs; i++) {
        if (values[i]) ort->ReleaseValue(values[i]);
        free(gathered[i]);
    }
    for (size_t i = 0; i < outputs; i++) {
        if (results[i]) ort->ReleaseValue(results[i]);
    }
    free(block);
    return error;
}

#include "backend.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void keep(mfb_error *self) { (void)self; }

static mfb_error out_of_memory = {sizeof(mfb_error), MFB_RESOURCE_EXHAUSTED, "out of memory", keep};

static void release_error(mfb_error *self) { free(self); }

mfb_error *ort_error(mfb_code code, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    mfb_error *error = length < 0 ? NULL : malloc(sizeof *error + (size_t)length + 1);
    if (!error) return &out_of_memory;
    char *text = (char *)(error + 1);
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    *error = (mfb_error){sizeof *error, code, text, release_error};
    return error;
}

static mfb_code code_of(int status) {
    switch (status) {
        case 2: return MFB_INVALID_ARGUMENT;
        case 3: return MFB_NOT_FOUND;
        case 4: case 7: case 10: return MFB_DATA_LOSS;  // no model, bad protobuf, bad graph
        case 9: return MFB_UNSUPPORTED;
        case 11: return MFB_UNAVAILABLE;                // an execution provider failed
        default: return MFB_INTERNAL;
    }
}

mfb_error *ort_status(const ort_api *ort, OrtStatus *status) {
    if (!status) return NULL;
    mfb_error *error = ort_error(code_of(ort->GetErrorCode(status)), "%s", ort->GetErrorMessage(status));
    ort->ReleaseStatus(status);
    return error;
}

// Indexed by ONNX's TensorProto.DataType.
static const mfb_datatype datatypes[] = {
    0, MFB_FP32, MFB_UINT8, MFB_INT8, MFB_UINT16, MFB_INT16, MFB_INT32, MFB_INT64, MFB_BYTES, MFB_BOOL, MFB_FP16,
    MFB_FP64, MFB_UINT32, MFB_UINT64, 0, 0, MFB_BF16,
};
enum { DATATYPES = sizeof datatypes / sizeof *datatypes };

mfb_datatype ort_datatype(int type) { return type > 0 && type < DATATYPES ? datatypes[type] : 0; }

int ort_element_type(mfb_datatype datatype) {
    for (int type = 1; type < DATATYPES; type++) {
        if (datatypes[type] && datatypes[type] == datatype) return type;
    }
    return 0;
}

size_t ort_element_size(mfb_datatype datatype) {
    static const size_t sizes[] = {0, 1, 1, 2, 4, 8, 1, 2, 4, 8, 2, 2, 4, 8, 0};
    return datatype > 0 && datatype <= MFB_BYTES ? sizes[datatype] : 0;
}

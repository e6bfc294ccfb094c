#include "CModelBackend.h"

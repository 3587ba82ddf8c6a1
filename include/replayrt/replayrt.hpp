#pragma once

/// Everything that ReplayRT offers.

#include "replayrt/auto_model.hpp"
#include "replayrt/build_plan.hpp"
#include "replayrt/core/buckets.hpp"
#include "replayrt/core/device.hpp"
#include "replayrt/core/dtype.hpp"
#include "replayrt/core/engine.hpp"
#include "replayrt/core/error.hpp"
#include "replayrt/core/graph_cache.hpp"
#include "replayrt/core/graph_key.hpp"
#include "replayrt/core/infer.hpp"
#include "replayrt/core/log.hpp"
#include "replayrt/core/saved_key.hpp"
#include "replayrt/core/shape.hpp"
#include "replayrt/core/small_vector.hpp"
#include "replayrt/core/tensor.hpp"
#include "replayrt/core/version.hpp"
#include "replayrt/load_engine.hpp"
#include "replayrt/saved_keys.hpp"

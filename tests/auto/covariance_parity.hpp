#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "replayrt/models/result.hpp"

namespace replayrt {

/// How far covariances of key points are from the reference's.
struct CovarianceDeviation {
  std::size_t known = 0;
  /// Of any element, in parts of the product of the two deviations that it is of.
  double farthest = 0;

  /// `wanted` is null for families without; its elements are null where the reference has NaN.
  void add(const std::optional<std::vector<std::vector<Covariance>>>& actual,
           const nlohmann::json& wanted) {
    ASSERT_EQ(actual.has_value(), !wanted.is_null());
    if (!actual) {
      return;
    }
    ASSERT_EQ(actual->size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const std::vector<Covariance>& of_object = (*actual)[i];
      for (std::size_t place = 0; place < wanted[i].size(); ++place) {
        const nlohmann::json& point = wanted[i][place];
        // The reference has as many for each object as any class has points.
        const bool is_known = place < of_object.size() && !std::isnan(of_object[place][0][0]);
        ASSERT_EQ(is_known, !point[0][0].is_null()) << "object " << i << ", point " << place;
        if (is_known) {
          add(of_object[place], point);
        }
      }
    }
  }

 private:
  void add(const Covariance& actual, const nlohmann::json& wanted) {
    ++known;
    for (std::size_t row = 0; row < actual.size(); ++row) {
      for (std::size_t column = 0; column < actual.size(); ++column) {
        const double off = std::abs(actual[row][column] - wanted[row][column].get<double>());
        const double unit =
            std::sqrt(wanted[row][row].get<double>() * wanted[column][column].get<double>());
        farthest = std::max(farthest, off / unit);
      }
    }
  }
};

}  // namespace replayrt

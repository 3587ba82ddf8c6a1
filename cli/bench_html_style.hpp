#pragma once

namespace replayrt::cli {

/// The looks of the page of `bench_html`. The colours of series can be told apart by people who do
/// not see all colours (after Okabe and Ito), and stand out from the page in the light and the
/// dark.
inline constexpr const char* kBenchStyle = R"(
:root { color-scheme: light dark; --page: #ffffff; --card: #f6f7f9; --ink: #1b1f24; --soft: #59616b; --grid: #d9dde2; }
.eager { --c: #6e7781; }
.replayed { --c: #0072b2; }
.captured { --c: #c97b00; }
.unreplayed { --c: #00806a; }
.recaptured { --c: #a3407c; }
.uncaptured { --c: #8a6d1f; }
@media (prefers-color-scheme: dark) {
  :root { --page: #14171a; --card: #1d2125; --ink: #e8eaed; --soft: #a5adb6; --grid: #363c43; }
  .eager { --c: #9aa4af; }
  .replayed { --c: #56b4e9; }
  .captured { --c: #e69f00; }
  .unreplayed { --c: #2fbf9f; }
  .recaptured { --c: #d98cb9; }
  .uncaptured { --c: #d6c04a; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 24px 16px; max-width: 1200px; background: var(--page); color: var(--ink);
  font: 15px/1.45 system-ui, "DejaVu Sans", sans-serif; }
h1 { margin: 0; font-size: 24px; overflow-wrap: anywhere; }
h2 { margin: 0; font-size: 17px; }
h3 { margin: 12px 0 4px; font-size: 14px; }
p { margin: 4px 0; }
.soft, figcaption p, .note { color: var(--soft); font-size: 13px; }
.tiles { display: flex; flex-wrap: wrap; gap: 12px; margin: 20px 0; padding: 0; list-style: none; }
.tiles li { flex: 1 1 140px; padding: 10px 14px; border-radius: 8px; background: var(--card); }
.tiles strong { display: block; font-size: 21px; }
.tiles span { color: var(--soft); font-size: 13px; }
.charts { columns: 2 440px; column-gap: 16px; }
.charts { margin-bottom: 16px; }
.charts figure { break-inside: avoid; margin-bottom: 16px; }
.charts figure:last-child { margin-bottom: 0; }
figure, section { margin: 0; padding: 14px; border-radius: 8px; background: var(--card); min-width: 0; }
section { margin-bottom: 16px; }
svg { display: block; width: 100%; height: auto; max-width: 560px; font-size: 12px; }
svg text { fill: var(--ink); }
svg .tick, svg .axis-name { fill: var(--soft); }
svg .value { font-size: 11px; }
svg .middle { text-anchor: middle; }
svg .end { text-anchor: end; }
.bar { fill: var(--c); }
.further { opacity: .4; }
.line { fill: none; stroke: var(--c); stroke-width: 2; stroke-linejoin: round; }
.line.dashed { stroke-dasharray: 6 4; }
.grid { stroke: var(--grid); }
.axis { stroke: var(--soft); }
.bound { stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 5 3; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 8px 0; padding: 0; list-style: none; font-size: 13px; }
.swatch { display: inline-block; width: 14px; height: 10px; margin-right: 6px; background: var(--c); }
.swatch.dashed { background: repeating-linear-gradient(90deg, var(--c) 0 5px, transparent 5px 9px); height: 4px;
  vertical-align: middle; }
.scroll { overflow-x: auto; max-height: 480px; overflow-y: auto; }
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { padding: 4px 14px 4px 0; border-bottom: 1px solid var(--grid); text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 4px 16px; margin: 8px 0; font-size: 14px; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
code { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: 13px; }
)";

}  // namespace replayrt::cli

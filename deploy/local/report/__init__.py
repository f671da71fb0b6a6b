"""The report: one HTML file that opens in a browser, made from the BI views and from nothing else.

Vega-Lite draws the charts. The page contains the library (from the package vl-convert-python), so it fetches nothing.
The charts are SVG: they scale, print, use the page's colours for light and dark, and need no script beyond those that
the page's policy allows. Names in the page are untrusted text.
"""

"""The report: one HTML file that opens in a browser, made from the BI views and from nothing else.

Vega-Lite draws it. The library is inside the page (vl-convert-python brings it as a package), so that the page asks
no server for anything; it draws SVG, which scales, prints, takes the page's own colours in the light and in the dark,
and works under a policy that lets no other script run. Names in it are strangers' text.
"""

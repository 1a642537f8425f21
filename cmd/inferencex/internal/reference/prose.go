package reference

const aboutMetrics = "# Metrics and validity codes\n\n" +
	"Each metric is a column of `tables/cells.parquet` and a key of each cell in `report/results.json`. Where a cell lacks a\n" +
	"metric it is null, never zero. Latencies come from the requests that ended well. Percentiles are exact, linear between\n" +
	"two values of the sorted rows. Times of a simulated endpoint are simulated seconds.\n\n" +
	"## Metrics\n\n" +
	"Without what it needs a metric is null: the chunks of the answers, valid power readings, a price of the GPU in the suite,\n" +
	"or the server's own account at /metrics.\n\n"

const aboutPhases = "\n## Metrics of phases\n\n" +
	"A load that goes through phases has these for each stretch, in `tables/phases.parquet` and below its cell in\n" +
	"`report/results.json`.\n\n"

const aboutCodes = "\n## Validity codes\n\n" +
	"A cell is `valid`, `valid_with_notes` or `invalid`. Its `reasons` are these codes. A code whose verdict is invalid says\n" +
	"that the numbers are not those of the cell's label.\n\n"

const aboutStarts = "\n## Failed starts\n\n" +
	"The `reason` of a deploy step that failed because the server did not come up, read from the server's log.\n\n"

const aboutTables = "# Tables\n\n" +
	"A run writes these Parquet files to its folder `tables`. Each file has its table's name and version in its metadata\n" +
	"(`table`, `schema_version`). Each column carries its unit and its description.\n\n"

const aboutMetricColumns = "\nThe tables cells and phases have one more column for each metric, of type float64 or null: see\n" +
	"[METRICS.md](METRICS.md).\n"

/** A table as people ask for it, as a name in SQL for a query of tables. */
type View = { readonly name: string; readonly sql: string }

/** Rows that are so now, of tables that keep what was. */
const currentOf = (table: string, key: string): View => ({
  name: `${table}_current`,
  sql: `(SELECT * EXCLUDE (valid_to, is_deleted, mark) FROM ${table}
         WHERE ${key} IS NOT NULL AND valid_to IS NULL AND NOT is_deleted)`,
})

export const views: readonly View[] = [
  currentOf('silver.customers', 'customer_id'),
  currentOf('silver.products', 'sku'),
  {
    name: 'gold.revenue',
    sql: `(SELECT currency, window_start, window_end, sum(delta_payments) AS payments, sum(delta_minor) AS amount_minor
           FROM (FROM gold.revenue_per_minute UNION ALL BY NAME FROM gold.revenue_corrections) GROUP BY ALL)`,
  },
]

/** The query with each view in place of its name. */
export function withViews(sql: string): string {
  return views.reduce((text, { name, sql: view }) => {
    const pattern = new RegExp(`(?<![\\w.])${name.replaceAll('.', '\\.')}(?!\\w)`, 'gi')
    return text.replaceAll(pattern, () => view)
  }, sql)
}

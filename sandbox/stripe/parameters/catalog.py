"""What may be sent about products, prices, tax rates and coupons."""

TABLE = """
GET /v1/coupons
  created:$range $paging
POST /v1/coupons
  amount_off:int applies_to:{products:[str]} currency:cur currency_options:map<{amount_off!:int}>
  duration:enum(forever,once,repeating) duration_in_months:int id:str max_redemptions:int
  metadata:$metadata|"" name:str<40 percent_off:num redeem_by:time
GET /v1/coupons/{coupon}
POST /v1/coupons/{coupon}
  currency_options:map<{amount_off!:int}> metadata:$metadata|"" name:str<40
DELETE /v1/coupons/{coupon}
GET /v1/prices
  active:bool created:$range currency:cur lookup_keys:[str] product:str
  recurring:{interval:$interval_unit meter:str usage_type:enum(licensed,metered)}
  type:enum(one_time,recurring) $paging
POST /v1/prices
  active:bool billing_scheme:enum(per_unit,tiered) currency!:cur currency_options:$currency_options
  custom_unit_amount:$custom_unit_amount lookup_key:str<200 metadata:$metadata nickname:str product:str
  product_data:{active:bool id:str metadata:$metadata name!:str statement_descriptor:str<22 tax_code:str
  unit_label:str<12} recurring:{interval!:$interval_unit interval_count:int meter:str
  usage_type:enum(licensed,metered)} tax_behavior:$tax_behavior tiers:$tiers
  tiers_mode:enum(graduated,volume) transfer_lookup_key:bool transform_quantity:{divide_by!:int
  round!:enum(down,up)} unit_amount:int unit_amount_decimal:dec
GET /v1/prices/search
  limit:int page:str query!:str
GET /v1/prices/{price}
POST /v1/prices/{price}
  active:bool currency_options:$currency_options|"" lookup_key:str<200 metadata:$metadata|""
  nickname:str tax_behavior:$tax_behavior transfer_lookup_key:bool
GET /v1/products
  active:bool created:$range ids:[str] shippable:bool url:str $paging
POST /v1/products
  active:bool default_price_data:{currency!:cur currency_options:$currency_options
  custom_unit_amount:$custom_unit_amount metadata:$metadata recurring:$interval
  tax_behavior:$tax_behavior unit_amount:int unit_amount_decimal:dec} description:str<40000 id:str
  images:[str] marketing_features:[{name!:str}] metadata:$metadata name!:str
  package_dimensions:{height!:num length!:num weight!:num width!:num} shippable:bool
  statement_descriptor:str<22 tax_code:str unit_label:str<12 url:str
GET /v1/products/search
  limit:int page:str query!:str
GET /v1/products/{id}
POST /v1/products/{id}
  active:bool default_price:str description:str<40000|"" images:[str]|""
  marketing_features:[{name!:str}]|"" metadata:$metadata|"" name:str package_dimensions:{height!:num
  length!:num weight!:num width!:num}|"" shippable:bool statement_descriptor:str<22 tax_code:str|""
  unit_label:str<12|"" url:str|""
DELETE /v1/products/{id}
GET /v1/tax_rates
  active:bool created:$range inclusive:bool $paging
POST /v1/tax_rates
  active:bool country:str description:str display_name!:str<50 inclusive!:bool jurisdiction:str<50
  metadata:$metadata percentage!:num state:str tax_type:$tax_type
GET /v1/tax_rates/{tax_rate}
POST /v1/tax_rates/{tax_rate}
  active:bool country:str description:str display_name:str<50 jurisdiction:str<50 metadata:$metadata|""
  state:str tax_type:$tax_type
"""

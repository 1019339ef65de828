"""What may be sent about subscription schedules."""

TABLE = """
GET /v1/subscription_schedules
  canceled_at:$range completed_at:$range created:$range customer:str customer_account:str
  released_at:$range scheduled:bool $paging
POST /v1/subscription_schedules
  billing_mode:$billing_mode customer:str customer_account:str default_settings:$schedule_defaults
  end_behavior:enum(cancel,none,release,renew) from_subscription:str metadata:$metadata|""
  phases:[{add_invoice_items:$phase_add_items application_fee_percent:num automatic_tax:$automatic_tax
  billing_cycle_anchor:enum(automatic,phase_start) billing_thresholds:$billing_thresholds|""
  collection_method:$collection_method currency:cur default_payment_method:str
  default_tax_rates:[str]|"" description:str<500|"" discounts:$discounts|"" duration:$interval
  end_date:time invoice_settings:$schedule_invoice_settings
  items!:[{billing_thresholds:$item_thresholds|"" discounts:$discounts|"" metadata:$metadata price:str
  price_data:$recurring_price_data quantity:int tax_rates:[str]|""}] metadata:$metadata on_behalf_of:str
  proration_behavior:$proration_behavior transfer_data:$transfer_percent trial:bool trial_end:time}]
  start_date:time|enum(now)
GET /v1/subscription_schedules/{schedule}
POST /v1/subscription_schedules/{schedule}
  default_settings:$schedule_defaults end_behavior:enum(cancel,none,release,renew) metadata:$metadata|""
  phases:[{add_invoice_items:$phase_add_items application_fee_percent:num automatic_tax:$automatic_tax
  billing_cycle_anchor:enum(automatic,phase_start) billing_thresholds:$billing_thresholds|""
  collection_method:$collection_method default_payment_method:str default_tax_rates:[str]|""
  description:str<500|"" discounts:$discounts|"" duration:$interval end_date:time|enum(now)
  invoice_settings:$schedule_invoice_settings items!:[{billing_thresholds:$item_thresholds|""
  discounts:$discounts|"" metadata:$metadata price:str price_data:$recurring_price_data quantity:int
  tax_rates:[str]|""}] metadata:$metadata on_behalf_of:str proration_behavior:$proration_behavior
  start_date:time|enum(now) transfer_data:$transfer_percent trial:bool trial_end:time|enum(now)}]
  proration_behavior:$proration_behavior
POST /v1/subscription_schedules/{schedule}/cancel
  invoice_now:bool prorate:bool
POST /v1/subscription_schedules/{schedule}/release
  preserve_cancel_date:bool
"""

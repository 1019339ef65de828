"""What may be sent about subscriptions and their items."""

TABLE = """
GET /v1/subscription_items
  subscription!:str $paging
POST /v1/subscription_items
  billing_thresholds:$item_thresholds|"" discounts:$discounts|"" metadata:$metadata
  payment_behavior:$payment_behavior price:str price_data:$recurring_price_data
  proration_behavior:$proration_behavior proration_date:time quantity:int subscription!:str
  tax_rates:[str]|""
GET /v1/subscription_items/{item}
POST /v1/subscription_items/{item}
  billing_thresholds:$item_thresholds|"" discounts:$discounts|"" metadata:$metadata|"" off_session:bool
  payment_behavior:$payment_behavior price:str price_data:$recurring_price_data
  proration_behavior:$proration_behavior proration_date:time quantity:int tax_rates:[str]|""
DELETE /v1/subscription_items/{item}
  clear_usage:bool payment_behavior:$payment_behavior proration_behavior:$proration_behavior
  proration_date:time
GET /v1/subscriptions
  automatic_tax:{enabled!:bool} collection_method:$collection_method created:$range
  current_period_end:$range current_period_start:$range customer:str customer_account:str price:str
  status:enum(active,all,canceled,ended,incomplete,incomplete_expired,past_due,paused,trialing,unpaid)
  test_clock:str $paging
POST /v1/subscriptions
  add_invoice_items:$add_items application_fee_percent:num|"" automatic_tax:$automatic_tax
  backdate_start_date:time billing_cycle_anchor:time billing_cycle_anchor_config:{day_of_month!:int
  hour:int minute:int month:int second:int} billing_mode:$billing_mode
  billing_schedules:[{applies_to:[{price:str type!:enum(price)}] bill_until!:{duration:$interval
  timestamp:time type!:enum(duration,timestamp)} key:str<200}] billing_thresholds:$billing_thresholds|""
  cancel_at:time|enum(max_billed_until,max_period_end,min_period_end) cancel_at_period_end:bool
  collection_method:$collection_method currency:cur customer:str customer_account:str days_until_due:int
  default_payment_method:str default_source:str default_tax_rates:[str]|"" description:str<500
  discounts:$discounts|"" invoice_settings:$invoice_settings
  items:[{billing_thresholds:$item_thresholds|"" discounts:$discounts|"" metadata:$metadata price:str
  price_data:$recurring_price_data quantity:int tax_rates:[str]|""}] metadata:$metadata|""
  off_session:bool on_behalf_of:str|"" payment_behavior:$payment_behavior payment_settings:any
  pending_invoice_item_interval:$interval|"" proration_behavior:$proration_behavior
  transfer_data:$transfer_percent trial_end:enum(now)|time trial_from_plan:bool trial_period_days:int
  trial_settings:{end_behavior!:{missing_payment_method!:enum(cancel,create_invoice,pause)}}
GET /v1/subscriptions/search
  limit:int page:str query!:str
GET /v1/subscriptions/{subscription_exposed_id}
POST /v1/subscriptions/{subscription_exposed_id}
  add_invoice_items:$add_items application_fee_percent:num|"" automatic_tax:$automatic_tax
  billing_cycle_anchor:enum(now,unchanged) billing_schedules:[{applies_to:[{price:str
  type!:enum(price)}] bill_until:{duration:$interval timestamp:time type!:enum(duration,timestamp)}
  key:str<200}]|"" billing_thresholds:$billing_thresholds|""
  cancel_at:time|""|enum(max_billed_until,max_period_end,min_period_end) cancel_at_period_end:bool
  cancellation_details:{comment:str|"" feedback:$cancel_feedback} collection_method:$collection_method
  days_until_due:int default_payment_method:str default_source:str|"" default_tax_rates:[str]|""
  description:str<500|"" discounts:$discounts|"" invoice_settings:$invoice_settings
  items:[{billing_thresholds:$item_thresholds|"" clear_usage:bool deleted:bool discounts:$discounts|""
  id:str metadata:$metadata|"" price:str price_data:$recurring_price_data quantity:int
  tax_rates:[str]|""}] metadata:$metadata|"" off_session:bool on_behalf_of:str|""
  pause_collection:{behavior!:enum(keep_as_draft,mark_uncollectible,void) resumes_at:time}|""
  payment_behavior:$payment_behavior payment_settings:any pending_invoice_item_interval:$interval|""
  proration_behavior:$proration_behavior proration_date:time transfer_data:$transfer_percent|""
  trial_end:enum(now)|time trial_from_plan:bool
  trial_settings:{end_behavior!:{missing_payment_method!:enum(cancel,create_invoice,pause)}}
DELETE /v1/subscriptions/{subscription_exposed_id}
  cancellation_details:{comment:str|"" feedback:$cancel_feedback} invoice_now:bool prorate:bool
"""

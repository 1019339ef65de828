"""What may be sent about invoices, their lines, items and payments."""

TABLE = """
GET /v1/invoice_payments
  created:$range invoice:str payment:{payment_intent:str payment_record:str
  type!:enum(payment_intent,payment_record)} status:enum(canceled,open,paid) $paging
GET /v1/invoice_payments/{invoice_payment}
GET /v1/invoiceitems
  created:$range customer:str customer_account:str invoice:str pending:bool $paging
POST /v1/invoiceitems
  amount:int currency:cur customer:str customer_account:str description:str discountable:bool
  discounts:$discounts|"" invoice:str metadata:$metadata|"" period:$period price_data:$price_data
  pricing:{price:str} quantity:int quantity_decimal:dec subscription:str tax_behavior:$tax_behavior
  tax_code:str|"" tax_rates:[str] unit_amount_decimal:dec
GET /v1/invoiceitems/{invoiceitem}
POST /v1/invoiceitems/{invoiceitem}
  amount:int description:str discountable:bool discounts:$discounts|"" metadata:$metadata|""
  period:$period price_data:$price_data pricing:{price:str} quantity:int quantity_decimal:dec
  tax_behavior:$tax_behavior tax_code:str|"" tax_rates:[str]|"" unit_amount_decimal:dec
DELETE /v1/invoiceitems/{invoiceitem}
GET /v1/invoices
  collection_method:$collection_method created:$range customer:str customer_account:str due_date:$range
  status:enum(draft,open,paid,uncollectible,void) subscription:str $paging
POST /v1/invoices
  account_tax_ids:[str]|"" application_fee_amount:int auto_advance:bool automatic_tax:$automatic_tax
  automatically_finalizes_at:time collection_method:$collection_method currency:cur
  custom_fields:$custom_fields|"" customer:str customer_account:str days_until_due:int
  default_payment_method:str default_source:str default_tax_rates:[str] description:str<1500
  discounts:$discounts|"" due_date:time effective_at:time footer:str
  from_invoice:{action!:enum(revision) invoice!:str} issuer:$account metadata:$metadata|"" number:str<26
  on_behalf_of:str payment_settings:any pending_invoice_items_behavior:enum(exclude,include)
  rendering:$rendering shipping_cost:$shipping_cost shipping_details:$shipping_details
  statement_descriptor:str<22 subscription:str transfer_data:{amount:int destination!:str}
POST /v1/invoices/create_preview
  automatic_tax:$automatic_tax currency:cur customer:str customer_account:str
  customer_details:{address:$address|"" shipping:$shipping|"" tax:{ip_address:str|""}
  tax_exempt:enum("",exempt,none,reverse) tax_ids:[{type!:$tax_id_type value!:str}]}
  discounts:$discounts|"" invoice_items:[{amount:int currency:cur description:str discountable:bool
  discounts:$discounts|"" invoiceitem:str metadata:$metadata|"" period:$period price:str
  price_data:$price_data quantity:int quantity_decimal:dec tax_behavior:$tax_behavior tax_code:str|""
  tax_rates:[str]|"" unit_amount:int unit_amount_decimal:dec}] issuer:$account on_behalf_of:str|""
  preview_mode:enum(next,recurring) schedule:str schedule_details:{billing_mode:$billing_mode
  end_behavior:enum(cancel,release) phases:[{add_invoice_items:$phase_add_items
  application_fee_percent:num automatic_tax:$automatic_tax
  billing_cycle_anchor:enum(automatic,phase_start) billing_thresholds:$billing_thresholds|""
  collection_method:$collection_method default_payment_method:str default_tax_rates:[str]|""
  description:str<500|"" discounts:$discounts|"" duration:$interval end_date:time|enum(now)
  invoice_settings:$schedule_invoice_settings items!:[{billing_thresholds:$item_thresholds|""
  discounts:$discounts|"" metadata:$metadata price:str price_data:$recurring_price_data quantity:int
  tax_rates:[str]|""}] metadata:$metadata on_behalf_of:str proration_behavior:$proration_behavior
  start_date:time|enum(now) transfer_data:$transfer_percent trial:bool trial_end:time|enum(now)}]
  proration_behavior:$proration_behavior} subscription:str
  subscription_details:{billing_cycle_anchor:enum(now,unchanged)|time billing_mode:$billing_mode
  billing_schedules:[{applies_to:[{price:str type!:enum(price)}] bill_until:{duration:$interval
  timestamp:time type!:enum(duration,timestamp)} key:str<200}]|""
  cancel_at:time|""|enum(max_billed_until,max_period_end,min_period_end) cancel_at_period_end:bool
  cancel_now:bool default_tax_rates:[str]|"" items:[{billing_thresholds:$item_thresholds|""
  clear_usage:bool deleted:bool discounts:$discounts|"" id:str metadata:$metadata|"" price:str
  price_data:$recurring_price_data quantity:int tax_rates:[str]|""}]
  proration_behavior:$proration_behavior proration_date:time resume_at:enum(now) start_date:time
  trial_end:enum(now)|time}
GET /v1/invoices/search
  limit:int page:str query!:str
GET /v1/invoices/{invoice}
POST /v1/invoices/{invoice}
  account_tax_ids:[str]|"" application_fee_amount:int auto_advance:bool automatic_tax:$automatic_tax
  automatically_finalizes_at:time collection_method:$collection_method custom_fields:$custom_fields|""
  days_until_due:int default_payment_method:str default_source:str|"" default_tax_rates:[str]|""
  description:str<1500 discounts:$discounts|"" due_date:time effective_at:time|"" footer:str
  issuer:$account metadata:$metadata|"" number:str<26|"" on_behalf_of:str|"" payment_settings:any
  rendering:$rendering shipping_cost:$shipping_cost|"" shipping_details:$shipping_details|""
  statement_descriptor:str<22 transfer_data:{amount:int destination!:str}|""
DELETE /v1/invoices/{invoice}
POST /v1/invoices/{invoice}/add_lines
  invoice_metadata:$metadata|"" lines!:[{amount:int description:str discountable:bool
  discounts:$discounts|"" invoice_item:str metadata:$metadata|"" period:$period
  price_data:$line_price_data pricing:{price:str} quantity:int quantity_decimal:dec
  tax_amounts:$tax_amounts|"" tax_rates:[str]|""}]
POST /v1/invoices/{invoice}/attach_payment
  payment_intent:str payment_record:str
POST /v1/invoices/{invoice}/finalize
  auto_advance:bool
GET /v1/invoices/{invoice}/lines
  $paging
POST /v1/invoices/{invoice}/lines/{line_item_id}
  amount:int description:str discountable:bool discounts:$discounts|"" metadata:$metadata|""
  period:$period price_data:$line_price_data pricing:{price:str} quantity:int quantity_decimal:dec
  tax_amounts:$tax_amounts|"" tax_rates:[str]|""
POST /v1/invoices/{invoice}/mark_uncollectible
POST /v1/invoices/{invoice}/pay
  forgive:bool mandate:str|"" off_session:bool paid_out_of_band:bool payment_method:str source:str
POST /v1/invoices/{invoice}/remove_lines
  invoice_metadata:$metadata|"" lines!:[{behavior!:enum(delete,unassign) id!:str}]
POST /v1/invoices/{invoice}/send
POST /v1/invoices/{invoice}/update_lines
  invoice_metadata:$metadata|"" lines!:[{amount:int description:str discountable:bool
  discounts:$discounts|"" id!:str metadata:$metadata|"" period:$period price_data:$line_price_data
  pricing:{price:str} quantity:int quantity_decimal:dec tax_amounts:$tax_amounts|"" tax_rates:[str]|""}]
POST /v1/invoices/{invoice}/void
"""

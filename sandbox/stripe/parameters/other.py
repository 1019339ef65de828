"""What may be sent about events, webhook endpoints, meters and test clocks."""

TABLE = """
GET /v1/events
  created:$range delivery_success:bool type:str types:[str] $paging
GET /v1/events/{id}
POST /v1/billing/meter_event_adjustments
  cancel:{identifier:str<100} event_name!:str<100 type!:enum(cancel)
POST /v1/billing/meter_events
  event_name!:str<100 identifier:str<100 payload!:$metadata timestamp:time
GET /v1/billing/meters
  status:enum(active,inactive) $paging
POST /v1/billing/meters
  customer_mapping:{event_payload_key!:str<100 type!:enum(by_id)}
  default_aggregation!:{formula!:enum(count,last,sum)} display_name!:str<250 event_name!:str<100
  event_time_window:enum(day,hour) value_settings:{event_payload_key!:str<100}
GET /v1/billing/meters/{id}
POST /v1/billing/meters/{id}
  display_name:str<250
POST /v1/billing/meters/{id}/deactivate
GET /v1/billing/meters/{id}/event_summaries
  customer!:str end_time!:time start_time!:time value_grouping_window:enum(day,hour) $paging
POST /v1/billing/meters/{id}/reactivate
GET /v1/test_helpers/test_clocks
  $paging
POST /v1/test_helpers/test_clocks
  customer:str frozen_time!:time name:str<300
GET /v1/test_helpers/test_clocks/{test_clock}
DELETE /v1/test_helpers/test_clocks/{test_clock}
POST /v1/test_helpers/test_clocks/{test_clock}/advance
  frozen_time!:time
GET /v1/webhook_endpoints
  $paging
POST /v1/webhook_endpoints
  api_version:str connect:bool description:str|"" enabled_events!:[str] metadata:$metadata|"" url!:str
GET /v1/webhook_endpoints/{webhook_endpoint}
POST /v1/webhook_endpoints/{webhook_endpoint}
  description:str|"" disabled:bool enabled_events:[str] metadata:$metadata|"" url:str
DELETE /v1/webhook_endpoints/{webhook_endpoint}
"""

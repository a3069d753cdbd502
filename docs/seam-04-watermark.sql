WITH placed AS ( -- How the late gate's watermark moves over one partition. What it shows last is newest.
  SELECT kafka_offset, type, occurred_at, kafka_timestamp,
         max(occurred_at) OVER (ORDER BY kafka_offset) - INTERVAL 5 SECOND AS watermark
    FROM bronze.payments_payment_v1
   WHERE kafka_partition = 0
), newest AS (
  -- A barrier of the audit is no event, but it moves the time of its partition, like a tick.
  SELECT * FROM placed WHERE type <> 'barrier' ORDER BY kafka_offset DESC LIMIT 12
)
SELECT kafka_offset AS "offset", type,
       strftime(occurred_at, '%H:%M:%S.%g') AS event_time,
       strftime(kafka_timestamp, '%H:%M:%S.%g') AS ingestion_time,
       epoch_ms(kafka_timestamp) - epoch_ms(occurred_at) AS on_the_way_ms,
       strftime(watermark, '%H:%M:%S.%g') AS watermark
  FROM newest ORDER BY kafka_offset

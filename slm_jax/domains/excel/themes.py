"""Headers of sheets by theme. A group of headers belongs to a kind of column; each theme falls back on the common ones."""

from __future__ import annotations

COMMON = {
    "category": "Region|Category|Type|Status|Department|Group|Class|Location|City|Team|Priority|Channel|Segment",
    "names": "Name|Employee|Customer|Contact|Owner|Manager|Assigned To|Full Name",
    "text": "Description|Email|Notes|Address|Label|Reference Text|Comment|Title",
    "codes": "ID|Code|Order ID|Reference|Invoice No|Number|Ref",
    "dates": "Date|Start Date|End Date|Due Date|Created|Updated|Deadline",
    "times": "Start Time|End Time|Time In|Time Out|Clock In|Clock Out",
    "counts": "Quantity|Units|Count|Qty|Days|Orders|Visits|Score|Hours",
    "money": "Amount|Price|Cost|Total|Revenue|Budget|Fee|Value|Balance",
    "measures": "Weight|Rating|Distance|Score|Average|Length|Hours|Volume",
    "percents": "Discount|Tax Rate|Margin|Growth|Share|Completion|Rate|Commission Rate",
}
THEMES: dict[str, dict[str, str]] = {}


def _theme(name: str, **groups: str) -> None:
    THEMES[name] = groups


_theme(
    "sales", category="Region|Product|Sales Channel|Territory|Customer Type", names="Salesperson|Sales Rep|Customer", codes="Order ID|Order No",
    dates="Order Date|Ship Date", counts="Units Sold|Quantity", money="Revenue|Sales|Unit Price|Profit|Total Sales", percents="Discount|Commission",
    measures="Weight", text="Product Name|Email",
)
_theme(
    "hr", category="Department|Job Title|Office|Contract Type|Gender", names="Employee|Employee Name|Manager", codes="Employee ID|Badge",
    dates="Hire Date|Birth Date|Start Date", counts="Age|Vacation Days|Years", money="Salary|Bonus|Base Pay|Overtime Pay",
    percents="Raise|Bonus Rate", measures="Rating|Hours Worked", text="Email|Position", times="Clock In|Clock Out",
)
_theme(
    "school", category="Subject|Grade|Class|House|Course", names="Student|Student Name|Teacher|Pupil", codes="Student ID|Course Code",
    dates="Exam Date|Enrolled", counts="Score|Marks|Absences|Points", money="Tuition|Fee|Scholarship", percents="Attendance|Weight",
    measures="GPA|Average", text="Email|Remark",
)
_theme(
    "inventory", category="Category|Warehouse|Supplier|Item|Location", names="Buyer|Handler", codes="SKU|Part Number|Item Code|Barcode",
    dates="Received|Expiry Date|Last Order", counts="Stock|Quantity|Reorder Level|On Hand|Min Stock", money="Unit Cost|Stock Value|Price|Cost",
    percents="Markup|Shrinkage", measures="Weight|Volume", text="Description|Item Name",
)
_theme(
    "finance", category="Account|Type|Category|Cost Center|Entity", names="Payee|Approved By", codes="Transaction ID|Voucher|Ref",
    dates="Date|Posting Date|Value Date", counts="Term|Installments", money="Amount|Debit|Credit|Balance|Principal|Interest",
    percents="Interest Rate|Tax Rate", measures="Exchange Rate", text="Description|Memo",
)
_theme(
    "logistics", category="Carrier|Destination|Origin|Mode|Status", names="Driver|Consignee", codes="Shipment ID|Tracking No|Container",
    dates="Ship Date|Delivery Date|ETA", counts="Packages|Pallets|Days", money="Freight|Shipping Cost|Fuel Cost", percents="Fill Rate",
    measures="Weight|Distance|Miles", text="Address|Route", times="Departure|Arrival",
)
_theme(
    "clinic", category="Ward|Diagnosis|Doctor|Specialty|Insurance", names="Patient|Patient Name|Physician|Nurse", codes="Patient ID|Case No",
    dates="Admission Date|Discharge Date|Visit Date", counts="Age|Visits|Heart Rate|Length of Stay", money="Charge|Copay|Bill", percents="Coverage",
    measures="Temperature|Dosage|BMI", text="Symptoms|Notes", times="Check In|Check Out",
)
_theme(
    "projects", category="Project|Phase|Status|Priority|Team", names="Owner|Assignee|Lead", codes="Task ID|Ticket",
    dates="Start Date|Due Date|Finish Date", counts="Story Points|Tasks|Days Left|Risk Score", money="Budget|Spent|Actual Cost|Forecast",
    percents="Progress|Completion", measures="Estimated Hours|Hours", text="Task|Task Name",
)
_theme(
    "support", category="Queue|Severity|Status|Product|Channel", names="Agent|Requester|Customer Name", codes="Ticket ID|Case Number",
    dates="Opened|Closed Date|Created", counts="Replies|Reopens|Response Time", money="Refund|Credit", percents="SLA|Satisfaction",
    measures="Resolution Hours|Rating", text="Subject|Issue",
)
_theme(
    "restaurant", category="Menu Item|Course|Table|Shift|Server", names="Waiter|Chef|Guest", codes="Bill No|Receipt", dates="Date|Booking Date",
    counts="Covers|Guests|Portions", money="Bill|Tip|Food Cost|Takings", percents="Service Charge|Tip Rate", measures="Rating", text="Dish|Notes",
    times="Opening|Closing",
)
_theme(
    "property", category="City|Property Type|Agent|Status|District", names="Tenant|Landlord|Agent Name", codes="Listing ID|Unit",
    dates="Listed|Lease Start|Lease End", counts="Bedrooms|Floor|Year Built", money="Rent|Sale Price|Asking Price|Deposit",
    percents="Yield|Occupancy", measures="Area|Square Feet", text="Address",
)
_theme(
    "fitness", category="Exercise|Coach|Level|Gym|Membership", names="Member|Trainer|Athlete", codes="Member ID", dates="Workout Date|Joined",
    counts="Reps|Sets|Calories|Steps", money="Monthly Fee|Dues", percents="Body Fat", measures="Distance|Pace|Weight", text="Notes",
    times="Start|Finish",
)
_theme(
    "library", category="Genre|Branch|Publisher|Format|Language", names="Author|Borrower", codes="ISBN|Book ID",
    dates="Borrowed|Return Date|Published", counts="Copies|Pages|Loans", money="Price|Fine|Late Fee", percents="Availability", measures="Rating",
    text="Title|Book Title",
)
_theme(
    "events", category="Venue|Event Type|Ticket Type|City|Sponsor", names="Speaker|Attendee|Organizer", codes="Event ID|Booking",
    dates="Event Date|Booked On", counts="Attendees|Seats|Tickets Sold", money="Ticket Price|Revenue|Catering", percents="Occupancy|Discount",
    measures="Duration", text="Event Name|Email", times="Start Time|End Time",
)
_theme(
    "manufacturing", category="Machine|Line|Material|Shift|Plant", names="Operator|Inspector", codes="Batch|Lot No|Work Order",
    dates="Produced|Inspection Date", counts="Output|Defects|Scrap|Downtime", money="Unit Cost|Material Cost",
    percents="Yield|Defect Rate|Efficiency", measures="Cycle Time|Thickness|Pressure", text="Part Name",
)
_theme(
    "marketing", category="Campaign|Channel|Audience|Platform|Country", names="Manager|Lead Name", codes="Campaign ID|Lead ID",
    dates="Launch Date|End Date", counts="Clicks|Impressions|Leads|Conversions", money="Spend|Budget|Cost", percents="CTR|Conversion Rate|Open Rate",
    measures="CPC|ROI", text="Email|URL",
)
_theme(
    "fleet", category="Vehicle|Make|Depot|Fuel Type|Driver", names="Driver Name|Mechanic", codes="Plate|Vehicle ID",
    dates="Service Date|Purchase Date|Next Service", counts="Mileage|Trips|Odometer", money="Fuel Cost|Repair Cost|Toll", percents="Utilization",
    measures="Liters|Distance|Consumption", text="Model",
)
_theme(
    "farm", category="Crop|Field|Farm|Soil|Season", names="Farmer|Picker", codes="Plot|Plot ID", dates="Planted|Harvest Date",
    counts="Crates|Trees|Yield", money="Income|Seed Cost|Wages", percents="Moisture|Germination", measures="Hectares|Tonnes|Rainfall", text="Variety",
)
_theme(
    "travel", category="Destination|Airline|Country|Cabin|Purpose", names="Traveler|Passenger", codes="Booking Ref|Flight No",
    dates="Departure Date|Return Date|Booked", counts="Nights|Passengers|Miles", money="Fare|Hotel Cost|Per Diem|Total Cost", percents="Tax|Discount",
    measures="Distance", text="Itinerary", times="Departs|Arrives",
)
_theme(
    "bank", category="Branch|Account Type|Currency|Merchant|Category", names="Account Holder|Customer", codes="Account No|Transaction",
    dates="Opened On|Transaction Date", counts="Credit Score|Withdrawals", money="Balance|Deposit|Withdrawal|Fee", percents="APR|Rate",
    measures="FX Rate", text="Narrative",
)
_theme(
    "insurance", category="Policy Type|Region|Broker|Claim Status|Risk Class", names="Policyholder|Adjuster", codes="Policy No|Claim ID",
    dates="Claim Date|Renewal Date|Incident Date", counts="Claims|Age|Term", money="Premium|Claim Amount|Deductible|Payout", percents="Loss Ratio",
    measures="Risk Score", text="Description",
)
_theme(
    "research", category="Treatment|Species|Site|Group|Lab", names="Researcher|Subject", codes="Sample ID|Specimen", dates="Collected|Test Date",
    counts="Trials|Observations|Cells", money="Grant|Cost", percents="Survival|Purity", measures="Concentration|Temperature|pH|Mass|Reading",
    text="Remarks",
)
_theme(
    "sports", category="Team|Position|Opponent|League|Season", names="Player|Coach|Captain", codes="Player ID|Jersey", dates="Match Date|Signed",
    counts="Goals|Points|Assists|Minutes|Wins", money="Wage|Transfer Fee", percents="Win Rate|Accuracy", measures="Distance Run|Average",
    text="Stadium",
)
_theme(
    "energy", category="Building|Meter Type|Tenant|Zone|Tariff", names="Engineer|Account Manager", codes="Meter ID",
    dates="Reading Date|Billing Date", counts="Reading|Peak Load|Outages", money="Bill|Charge|Savings", percents="Loss|Renewables",
    measures="kWh|Usage|Consumption", text="Address",
)
_theme(
    "charity", category="Fund|Campaign|Donor Type|Country|Source", names="Donor|Volunteer", codes="Donor ID|Gift ID", dates="Gift Date|Pledge Date",
    counts="Gifts|Hours|Volunteers", money="Donation|Pledge|Gift Aid", percents="Match Rate", measures="Rating", text="Email|Message",
)
_theme(
    "legal", category="Client|Practice Area|Court|Case Type|Stage", names="Attorney|Judge|Paralegal", codes="Case No|Matter",
    dates="Filed|Hearing Date|Closed On", counts="Billable Hours|Pages|Exhibits", money="Hourly Rate|Settlement|Retainer", percents="Contingency",
    measures="Hours Billed", text="Matter Name",
)
_theme(
    "construction", category="Contractor|Trade|Site|Phase|Material", names="Foreman|Supervisor", codes="Permit|Work Order",
    dates="Start|Completion Date", counts="Workers|Floors|Bags", money="Labor Cost|Material Cost|Bid|Contract Value", percents="Overrun|Retention",
    measures="Area|Concrete|Steel", text="Task",
)
_theme(
    "ecommerce", category="Category|Brand|Country|Payment Method|Size", names="Shopper|Customer Name", codes="Order Number|Product ID|ASIN",
    dates="Order Date|Delivered On|Returned On", counts="Items|Quantity|Reviews", money="Order Total|Shipping|List Price|Sale Price",
    percents="Discount|Return Rate", measures="Rating|Stars", text="Product Title|Email",
)
_theme(
    "timesheet", category="Project|Client|Activity|Team|Shift", names="Employee|Worker|Consultant", codes="Job No", dates="Work Date|Week Ending",
    counts="Break Minutes|Overtime", money="Pay|Hourly Rate|Billing", percents="Utilization", measures="Hours|Hours Worked|Regular Hours",
    text="Comment", times="Time In|Time Out|Start|End",
)
_theme(
    "budget", category="Category|Payment Type|Account|Household|Bucket", names="Person|Payee", codes="Receipt No", dates="Date|Paid On|Due",
    counts="Installments|Items", money="Expense|Income|Planned|Actual|Spent", percents="Share|Savings Rate", measures="Units", text="Details|Store",
)
_theme(
    "survey", category="Gender|Age Group|Country|Answer|Segment", names="Respondent|Interviewer", codes="Response ID", dates="Submitted|Survey Date",
    counts="Age|Score|Answers", money="Income|Reward", percents="Agreement", measures="NPS|Rating", text="Feedback|Email",
)
_theme(
    "hotel", category="Room Type|Hotel|Source|Floor|Board", names="Guest|Guest Name|Receptionist", codes="Booking ID|Room",
    dates="Check-in|Check-out|Arrival Date", counts="Nights|Guests|Rooms", money="Room Rate|Total Bill|Minibar", percents="Occupancy|Commission",
    measures="Rating|Stars", text="Requests",
)
